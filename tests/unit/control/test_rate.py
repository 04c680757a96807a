from hypothesis import given
from hypothesis import strategies as st
from tests.unit.control.fakes import MS, SECOND, START

from aeron_dpdk.control.rate import Every, Occasional, TokenBucket


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(per_second=10, burst=3)
    assert [bucket.take(START) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(START + 99 * MS)
    assert bucket.take(START + 100 * MS)
    assert not bucket.take(START + 101 * MS)


@given(st.lists(st.integers(0, 200 * MS), max_size=200))
def test_a_bucket_never_gives_more_than_burst_and_rate_allow(pauses_ns: list[int]) -> None:
    bucket = TokenBucket(per_second=10, burst=3)
    now_ns = START
    given_out = 0
    for pause_ns in pauses_ns:
        now_ns += pause_ns
        given_out += bucket.take(now_ns)
    assert given_out <= 3 + (now_ns - START) * 10 / SECOND


def test_a_period_is_due_at_once_then_once_per_period_and_never_catches_up() -> None:
    every = Every(100)
    assert every.is_due(START)
    assert not every.is_due(START + 99)
    assert every.is_due(START + 100)
    assert every.is_due(START + 1000)
    assert not every.is_due(START + 1001)


def test_each_key_passes_once_per_period_and_keys_are_bounded() -> None:
    occasional = Occasional(100, max_keys=2)
    assert occasional.allows("a", START)
    assert not occasional.allows("a", START + 99)
    assert occasional.allows("b", START + 99)
    assert occasional.allows("a", START + 100)
    assert not occasional.allows("c", START + 1000)
