"""Writes the seeds of fuzz_rx into corpus/fuzz_rx: `./dev run python -m tests.fuzz.make_corpus`."""

from pathlib import Path

from .seeds import SEEDS

CORPUS = Path(__file__).parent / "corpus" / "fuzz_rx"

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


def main() -> None:
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, content in inputs().items():
        (CORPUS / name).write_bytes(content)


if __name__ == "__main__":
    main()
