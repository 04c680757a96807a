"""Budgets and periods, by a monotonic clock in nanoseconds that the caller passes in."""

NANOSECONDS = 1_000_000_000
NEVER_NS = 1 << 63


class TokenBucket:
    """At most `burst` at once and `per_second` in the long run."""

    __slots__ = ("_burst_ns", "_credit_ns", "_interval_ns", "_last_ns")

    def __init__(self, per_second: int, burst: int) -> None:
        self._interval_ns = NANOSECONDS // per_second
        self._burst_ns = burst * self._interval_ns
        self._credit_ns = self._burst_ns
        self._last_ns = 0

    def take(self, now_ns: int) -> bool:
        self._credit_ns = min(self._burst_ns, self._credit_ns + now_ns - self._last_ns)
        self._last_ns = now_ns
        if self._credit_ns < self._interval_ns:
            return False
        self._credit_ns -= self._interval_ns
        return True


class Every:
    """Due once per period, and the first time at once; late calls are not made up for. It is due at multiples
    of the period, so that several with the same period need only one wake-up."""

    __slots__ = ("_period_ns", "due_ns")

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self.due_ns = 0

    def is_due(self, now_ns: int) -> bool:
        if now_ns < self.due_ns:
            return False
        self.due_ns = (now_ns // self._period_ns + 1) * self._period_ns
        return True


class Occasional:
    """Lets each key through once per period. Keys beyond `max_keys` are never let through, so memory is
    bounded."""

    __slots__ = ("_max_keys", "_next_ns", "_period_ns")

    def __init__(self, period_ns: int, max_keys: int) -> None:
        self._period_ns = period_ns
        self._max_keys = max_keys
        self._next_ns: dict[str, int] = {}

    def allows(self, key: str, now_ns: int) -> bool:
        if now_ns < self._next_ns.get(key, 0):
            return False
        if key not in self._next_ns and len(self._next_ns) >= self._max_keys:
            return False
        self._next_ns[key] = now_ns + self._period_ns
        return True
