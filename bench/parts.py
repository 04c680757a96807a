"""What each part of the bench needs: which paths, which phases, in which order."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aeron_dpdk.tools.measure.job import Phase, PhaseKind
from aeron_dpdk.tools.measure.paths import MeasuredPath, kernel_loopback, memif
from aeron_dpdk.tools.measure.schedule import ScheduleEntry
from bench.paths import (
    FLOOR,
    JUMBO_FRAME_PAYLOAD,
    TOUCHING_FLOOR,
    dpdk_over_veth,
    floor_of,
    jumbo,
    kernel_over_veth,
    touching_floor_of,
    vhost_user,
)
from bench.veth_pair import VethEnd


class Part(StrEnum):
    FLOOR = "floor"
    ECHO = "echo"
    THROUGHPUT = "throughput"
    ENDPOINTS = "endpoints"
    COST = "cost"
    QUIET = "quiet"
    THREADS = "threads"
    DRIVER = "driver"


STREAMS = {Part.FLOOR, Part.ECHO, Part.THROUGHPUT}
LENGTHS = (32, 288, 1344)
# The highest of each is that of Aeron's own benchmarks (scripts/remote-benchmarks-runner); lower ones precede
# it.
RATES = {32: (10_000, 100_000, 501_000), 288: (301_000,), 1344: (101_000,)}
VETH_RATES = {32: (10_000,)}


@dataclass(frozen=True, slots=True)
class Media:
    """The media available on this machine: None and False are explained in `notes`."""

    has_huge_pages: bool
    has_room_for_jumbo: bool
    veth: tuple[VethEnd, VethEnd] | None


def entries(parts: frozenset[Part], media: Media) -> Iterator[ScheduleEntry]:
    """Ordered by length, so that what is compared runs in succession."""
    for length in LENGTHS:
        for path in _paths(parts, media):
            phases = tuple(_phases(parts, path, length))
            if phases:
                yield ScheduleEntry(path, phases)
    if Part.THROUGHPUT in parts and media.has_room_for_jumbo:
        phases = tuple(Phase(PhaseKind.ONE_WAY, length) for length in LENGTHS)
        if Part.FLOOR in parts:
            filled = Phase(PhaseKind.ONE_WAY, JUMBO_FRAME_PAYLOAD)
            yield ScheduleEntry(touching_floor_of(jumbo(vhost_user())), (filled,))
        yield ScheduleEntry(jumbo(vhost_user()), phases)
        yield ScheduleEntry(jumbo(kernel_loopback()), phases)


def _paths(parts: frozenset[Part], media: Media) -> Iterator[MeasuredPath]:
    over_memif = memif(media.has_huge_pages)
    if Part.FLOOR in parts:
        yield floor_of(over_memif)
        yield touching_floor_of(over_memif)
    yield over_memif
    yield kernel_loopback()
    if media.veth is not None:
        af_xdp, af_packet = (dpdk_over_veth(driver, media.veth) for driver in ("af_xdp", "af_packet"))
        if Part.FLOOR in parts:
            yield floor_of(af_xdp)
        yield af_xdp
        yield kernel_over_veth(media.veth)
        yield af_packet
        if Part.FLOOR in parts:
            yield floor_of(af_packet)


def _phases(parts: frozenset[Part], path: MeasuredPath, length: int) -> Iterator[Phase]:
    is_on_veth, is_floor = path.client.namespace is not None, path.program == FLOOR
    if is_on_veth and is_floor:
        if length == LENGTHS[0]:
            yield Phase(PhaseKind.ECHO, length)
        return
    if path.program == TOUCHING_FLOOR:
        # Touching a short payload costs nothing more: it is in the same cache line as its header.
        if length == LENGTHS[-1]:
            yield Phase(PhaseKind.ONE_WAY, length)
        return
    if is_floor or Part.ECHO in parts:
        yield Phase(PhaseKind.ECHO, length)
    if not is_floor and Part.ECHO in parts:
        for rate in (VETH_RATES if is_on_veth else RATES).get(length, ()):
            yield Phase(PhaseKind.ECHO, length, rate)
    if is_floor or (Part.THROUGHPUT in parts and not is_on_veth):
        yield Phase(PhaseKind.ONE_WAY, length)
