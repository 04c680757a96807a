"""The committed corpus is what make_corpus.py writes, and the seeds cover every fate of a frame."""

from aeron_dpdk.native import count_names

from .make_corpus import CORPUS, CORPUS6, inputs, inputs6
from .seeds import CONTROL, DELIVERED, SEEDS
from .seeds6 import SEEDS6


def test_the_committed_seeds_are_what_the_script_writes() -> None:
    for corpus, written in ((CORPUS, inputs()), (CORPUS6, inputs6())):
        committed = {name: (corpus / name).read_bytes() for name in written if (corpus / name).exists()}
        assert committed == written


def test_there_is_a_seed_for_every_count_of_received_frames() -> None:
    names = count_names()
    first, last = names.index("rx-truncated"), names.index("rx-no-endpoint")
    assert {seed.fate for seed in (*SEEDS, *SEEDS6)} == {DELIVERED, CONTROL, *names[first : last + 1]}


def test_no_two_seeds_share_a_name() -> None:
    for seeds in (SEEDS, SEEDS6):
        assert len({seed.name for seed in seeds}) == len(seeds)
