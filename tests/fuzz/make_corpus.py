"""Writes the seeds of the targets into corpus: `./dev run python -m tests.fuzz.make_corpus`."""

from pathlib import Path

from .seeds import SEEDS
from .seeds6 import SEEDS6

CORPUS = Path(__file__).parent / "corpus" / "fuzz_rx"
CORPUS6 = CORPUS.parent / "fuzz_rx6"

# The two bytes in front of the frame; see fuzz_rx.c.
PLAIN = b"\x00\x00"
VOUCHED = b"\x03\x00"
SEGMENTS_OF_17 = b"\x00\x11"
VOUCHED_CHOSEN_ADDRESS = b"\x0f\x28"


def inputs() -> dict[str, bytes]:
    """Name and content of each committed seed; the same on every machine."""
    written = {seed.name: PLAIN + seed.frame for seed in SEEDS}
    for seed in SEEDS:
        if seed.name in ("data", "options", "arp-request", "udp-checksum"):
            written[f"{seed.name}-in-segments"] = SEGMENTS_OF_17 + seed.frame
        if seed.fate in ("rx-udp-checksum", "rx-ipv4-checksum"):
            written[f"{seed.name}-vouched"] = VOUCHED + seed.frame
        if seed.fate in ("rx-not-our-mac", "rx-not-our-address"):
            written[f"{seed.name}-made-ours"] = VOUCHED_CHOSEN_ADDRESS + seed.frame
    return written


def inputs6() -> dict[str, bytes]:
    """The same for fuzz_rx6, whose input has one byte in front: no choice, and all choices."""
    written = {seed.name: b"\x00" + seed.frame for seed in SEEDS6}
    for seed in SEEDS6:
        if seed.fate in ("rx-udp-checksum", "rx-not-our-mac", "rx-not-our-address"):
            written[f"{seed.name}-vouched-and-ours"] = b"\x03" + seed.frame
    return written


def main() -> None:
    for corpus, written in ((CORPUS, inputs()), (CORPUS6, inputs6())):
        corpus.mkdir(parents=True, exist_ok=True)
        for name, content in written.items():
            (corpus / name).write_bytes(content)


if __name__ == "__main__":
    main()
