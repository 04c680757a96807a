"""One change of a plan."""

from dataclasses import dataclass

from aeron_dpdk.machine.change.resources import Resource, State


@dataclass(frozen=True, slots=True)
class Change:
    """`why` is for the reader of the plan, `advice` what to do when it fails."""

    resource: Resource
    after: State
    why: str
    advice: str = "see the kernel's messages (dmesg | tail)"


@dataclass(frozen=True, slots=True)
class Plan:
    """`notes` say what was decided and why, and what nobody but the operator can do."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
