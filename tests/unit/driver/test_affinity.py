from pathlib import Path

import pytest
from tests.hosts.recorded import unpack

from aeron_dpdk.driver.aeron_settings import read_aeron_settings
from aeron_dpdk.driver.affinity import AffinityPlan, plan_affinity
from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.machine.facts.cpus import parse_cpu_list
from aeron_dpdk.machine.thread_cpus import Topology, read_topology

CONDUCTOR = "AERON_CONDUCTOR_CPU_AFFINITY"
SENDER = "AERON_SENDER_CPU_AFFINITY"
RECEIVER = "AERON_RECEIVER_CPU_AFFINITY"
AGENT = "AERON_DRIVER_NATIVE_RESOURCE_AGENT_CPU_AFFINITY"


def plan(cpus: set[int], *, from_cgroup: bool = True, **environment: str) -> AffinityPlan:
    return plan_affinity(read_aeron_settings(environment), cpus, from_cgroup)


def cores(*texts: str, near: frozenset[int] = frozenset()) -> Topology:
    """From texts like sysfs's thread_siblings_list, one for each core."""
    sets = [parse_cpu_list(text) for text in texts]
    return Topology({cpu: siblings for siblings in sets for cpu in siblings}, near)


def placed(cpus: set[int], topology: Topology, **environment: str) -> list[int | None]:
    """The CPUs of main thread, conductor, sender and receiver."""
    made = plan_affinity(read_aeron_settings(environment), cpus, True, topology)
    given = {**environment, **made.environment}
    return [made.main_cpu, *(int(given[name]) for name in (CONDUCTOR, SENDER, RECEIVER))]


@pytest.mark.parametrize(
    ("topology", "expected"),
    [
        (cores("0-1", "2-3", "4-5", "6-7"), [0, 2, 4, 6]),
        (cores("0,4", "1,5", "2,6", "3,7"), [0, 1, 2, 3]),
        (cores("0-1", "2-3", "4-7"), [0, 1, 2, 4]),  # three cores: main and conductor share one
        (cores("0-3", "4-7"), [0, 4, 1, 5]),  # two: sender and receiver are apart
        (cores("0,4", "1,5", "2,6", "3,7", near=frozenset({4, 5, 6, 7})), [4, 5, 6, 7]),
        (cores("0-1", "2-3", "4-5", "6-7", near=frozenset({4, 5, 6, 7})), [4, 6, 5, 7]),
    ],
)
def test_whole_cores_near_the_nic_go_to_sender_and_receiver_first(
    topology: Topology, expected: list[int]
) -> None:
    assert placed(set(range(8)), topology) == expected


def test_the_sibling_of_a_core_that_is_taken_is_no_whole_core() -> None:
    topology = cores("0-1", "2-3", "4-5", "6-7")
    assert placed({0, 1, 2, 3, 4, 5, 6}, topology, AERON_SENDER_CPU_AFFINITY="0") == [2, 4, 0, 6]


@pytest.mark.parametrize(
    ("cpus", "topology", "warning"),
    [
        ({0, 1, 2, 3}, cores("0-7"), "CPUs 2 and 3, hyper-threads of one core"),
        ({0, 1, 2, 3}, cores(near=frozenset({4, 5})), "another NUMA node than CPU 2 and 3"),
    ],
)
def test_what_the_cpu_set_lacks_is_reported(cpus: set[int], topology: Topology, warning: str) -> None:
    made = plan_affinity(read_aeron_settings({}), cpus, True, topology)
    assert len(made.warnings) == 1 and warning in made.warnings[0]


def test_siblings_and_the_nics_node_are_read_from_sysfs(tmp_path: Path) -> None:
    tree = unpack("one-gib-pages", tmp_path)
    topology = read_topology(tree, {1, 5}, ())
    assert topology.core(5) == 1 and topology.near == {4, 5, 6, 7}
    assert read_topology(tree, {1}, ("0000:00:00.0",)).near == frozenset()


def test_cores_go_to_main_conductor_sender_and_receiver_in_order() -> None:
    assert plan({4, 5, 6, 7, 8}) == AffinityPlan(
        {CONDUCTOR: "5", SENDER: "6", RECEIVER: "7", AGENT: "4"}, 4, ()
    )


@pytest.mark.parametrize(
    ("cpus", "conductor", "sender", "receiver"),
    [({4, 5, 6}, "4", "5", "6"), ({4, 5}, "4", "4", "5"), ({4}, "4", "4", "4")],
)
def test_when_there_are_too_few_cores_the_first_ones_are_shared_and_that_is_reported(
    cpus: set[int], conductor: str, sender: str, receiver: str
) -> None:
    made = plan(cpus)
    assert made.main_cpu == 4
    assert made.environment == {CONDUCTOR: conductor, SENDER: sender, RECEIVER: receiver, AGENT: "4"}
    assert len(made.warnings) == 1 and "more cores" in made.warnings[0]


def test_an_affinity_that_is_set_is_kept_and_its_core_not_given_to_another_thread() -> None:
    made = plan({4, 5, 6, 7}, AERON_SENDER_CPU_AFFINITY="4")
    assert made == AffinityPlan({CONDUCTOR: "6", RECEIVER: "7", AGENT: "5"}, 5, ())


@pytest.mark.parametrize(
    ("mode", "pinned"),
    [("SHARED_NETWORK", {CONDUCTOR: "5", SENDER: "6"}), ("SHARED", {CONDUCTOR: "5"}), ("INVOKER", {})],
)
def test_modes_with_fewer_threads_need_fewer_cores(mode: str, pinned: dict[str, str]) -> None:
    made = plan({4, 5, 6}, AERON_THREADING_MODE=mode)
    assert made == AffinityPlan({**pinned, AGENT: "4"}, 4, ())


def test_aerons_own_cpu_set_affinity_beside_ours_is_refused() -> None:
    with pytest.raises(SettingConflictError, match="AERON_DRIVER_CPUSET_AFFINITY"):
        plan({1, 2}, AERON_DRIVER_CPUSET_AFFINITY="true")


def test_without_the_setting_nothing_is_assigned_and_missing_affinities_are_reported() -> None:
    made = plan({0, 1}, from_cgroup=False, AERON_SENDER_CPU_AFFINITY="1")
    assert (made.environment, made.main_cpu) == ({}, None)
    assert len(made.warnings) == 1
    assert RECEIVER in made.warnings[0] and SENDER not in made.warnings[0]


def test_nothing_is_reported_when_both_are_pinned_or_share_a_thread() -> None:
    pinned = plan({0}, from_cgroup=False, AERON_SENDER_CPU_AFFINITY="1", AERON_RECEIVER_CPU_AFFINITY="2")
    assert pinned.warnings == ()
    assert plan({0}, from_cgroup=False, AERON_THREADING_MODE="SHARED").warnings == ()


def test_a_cpu_number_that_aeron_cannot_use_is_reported() -> None:
    made = plan({300, 301, 302, 303})
    assert len(made.warnings) == 4 and "up to 255" in made.warnings[0]
