"""The committed corpus is what make_corpus.py writes, and the seeds stand for every fate."""

from aeron_dpdk.native import count_names

from .make_corpus import CORPUS, inputs
from .seeds import CONTROL, DELIVERED, SEEDS


def test_the_committed_seeds_are_what_the_script_writes() -> None:
    committed = {name: (CORPUS / name).read_bytes() for name in inputs() if (CORPUS / name).exists()}
    assert committed == inputs()


def test_there_is_a_seed_for_every_count_of_received_frames() -> None:
    names = count_names()
    first, last = names.index("rx-truncated"), names.index("rx-no-endpoint")
    assert {seed.fate for seed in SEEDS} == {DELIVERED, CONTROL, *names[first : last + 1]}


def test_no_two_seeds_share_a_name() -> None:
    assert len({seed.name for seed in SEEDS}) == len(SEEDS)
