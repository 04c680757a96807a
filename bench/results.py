"""Everything that a bench has measured."""

from dataclasses import dataclass, field

from aeron_dpdk.tools.measure.job import Phase, PhaseKind
from aeron_dpdk.tools.measure.results import Results
from bench.cost import CostTable
from bench.quiet import QuietLine
from bench.single_costs import Costs, Subject
from bench.standing import Standing


@dataclass
class BenchResults(Results):
    """`singles` by subject: one element per repeat."""

    singles: dict[Subject, list[Costs]] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)
    cost: CostTable | None = None
    quiet: list[QuietLine] = field(default_factory=list)


def echo(length: int, rate: int = 0) -> Phase:
    return Phase(PhaseKind.ECHO, length, rate)


def one_way(length: int) -> Phase:
    return Phase(PhaseKind.ONE_WAY, length)
