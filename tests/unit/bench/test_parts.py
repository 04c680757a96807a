from ipaddress import IPv4Interface

import pytest
from bench.__main__ import sides
from bench.parts import Media, Part, entries
from bench.paths import AERON_MTU_OF_JUMBO
from bench.veth_pair import VethEnd
from click import UsageError

from aeron_dpdk.tools.measure.job import Phase, PhaseKind

VETH = (
    VethEnd("left", "veth0", IPv4Interface("198.18.2.1/24")),
    VethEnd("right", "veth1", IPv4Interface("198.18.2.2/24")),
)
FULL = Media(has_huge_pages=True, has_room_for_jumbo=True, veth=VETH)
POOR = Media(has_huge_pages=False, has_room_for_jumbo=False, veth=None)


def planned(media: Media, *parts: Part) -> list[tuple[str, Phase]]:
    return [(entry.path.name, phase) for entry in entries(frozenset(parts), media) for phase in entry.phases]


def test_every_path_of_an_echo_is_measured_at_every_length() -> None:
    plan = planned(FULL, Part.ECHO)
    for length in (32, 288, 1344):
        paths = {path for path, phase in plan if phase == Phase(PhaseKind.ECHO, length)}
        assert paths == {"memif", "kernel_lo", "af_xdp", "af_packet", "kernel_veth"}


def test_compared_paths_run_one_after_the_other() -> None:
    lengths = [phase.message_length for _, phase in planned(FULL, Part.FLOOR, Part.ECHO)]
    assert lengths == sorted(lengths)


def test_the_floor_alone_needs_no_aeron() -> None:
    assert {path for path, _ in planned(FULL, Part.FLOOR)} == {
        "memif_floor",
        "memif_touching_floor",
        "af_xdp_floor",
        "af_packet_floor",
    }


def test_the_floor_of_a_veth_is_measured_beside_the_paths_that_it_is_compared_with() -> None:
    order = [
        path for path, phase in planned(FULL, Part.FLOOR, Part.ECHO) if phase == Phase(PhaseKind.ECHO, 32)
    ]
    assert order[order.index("af_xdp_floor") :] == [
        "af_xdp_floor",
        "af_xdp",
        "kernel_veth",
        "af_packet",
        "af_packet_floor",
    ]


def test_only_paths_with_aeron_are_measured_at_rates() -> None:
    assert {path for path, phase in planned(FULL, Part.FLOOR, Part.ECHO) if phase.rate} == {
        "memif",
        "kernel_lo",
        "af_xdp",
        "af_packet",
        "kernel_veth",
    }


def test_throughput_is_measured_with_8_kib_frames_too_where_there_is_room() -> None:
    assert {path for path, _ in planned(FULL, Part.THROUGHPUT)} == {
        "memif",
        "kernel_lo",
        "vhost_8k",
        "kernel_lo_8k",
    }


def test_the_floor_of_8_kib_frames_is_filled_as_aeron_fills_them() -> None:
    plan = planned(FULL, Part.FLOOR, Part.THROUGHPUT)
    [phase] = [phase for path, phase in plan if path == "vhost_8k_touching_floor"]
    assert phase.kind is PhaseKind.ONE_WAY
    assert AERON_MTU_OF_JUMBO - 1376 < 32 + phase.message_length <= AERON_MTU_OF_JUMBO


def test_without_privileges_memif_and_loopback_remain() -> None:
    assert {path for path, _ in planned(POOR, Part.FLOOR, Part.ECHO, Part.THROUGHPUT)} == {
        "memif_floor",
        "memif_touching_floor",
        "memif",
        "kernel_lo",
    }


def test_the_named_cpus_are_divided_between_the_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(16)))
    assert sides("invoker", "2,5") == ((2,), (5,))
    assert sides("dedicated", "2-9") == ((2, 3, 4, 5), (6, 7, 8, 9))


@pytest.mark.parametrize("cpus", ["2", "2-4", "14,99", "two", None])
def test_too_few_cpus_are_refused_with_the_number_needed(
    cpus: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(16)))
    with pytest.raises(UsageError, match="8"):
        sides("dedicated", cpus)
