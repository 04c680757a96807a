import pytest

from aeron_dpdk.driver.aeron_settings import read_aeron_settings
from aeron_dpdk.driver.affinity import AffinityPlan, plan_affinity
from aeron_dpdk.errors import SettingConflictError

CONDUCTOR = "AERON_CONDUCTOR_CPU_AFFINITY"
SENDER = "AERON_SENDER_CPU_AFFINITY"
RECEIVER = "AERON_RECEIVER_CPU_AFFINITY"
AGENT = "AERON_DRIVER_NATIVE_RESOURCE_AGENT_CPU_AFFINITY"


def plan(cpus: set[int], *, from_cgroup: bool = True, **environment: str) -> AffinityPlan:
    return plan_affinity(read_aeron_settings(environment), cpus, from_cgroup)


def test_cores_go_to_main_conductor_sender_and_receiver_in_order() -> None:
    assert plan({4, 5, 6, 7, 8}) == AffinityPlan(
        {CONDUCTOR: "5", SENDER: "6", RECEIVER: "7", AGENT: "4"}, 4, ()
    )


@pytest.mark.parametrize(
    ("cpus", "conductor", "sender", "receiver"),
    [({4, 5, 6}, "4", "5", "6"), ({4, 5}, "4", "4", "5"), ({4}, "4", "4", "4")],
)
def test_when_cores_are_short_the_first_ones_are_shared_and_that_is_said(
    cpus: set[int], conductor: str, sender: str, receiver: str
) -> None:
    made = plan(cpus)
    assert made.main_cpu == 4
    assert made.environment == {CONDUCTOR: conductor, SENDER: sender, RECEIVER: receiver, AGENT: "4"}
    assert len(made.warnings) == 1 and "more cores" in made.warnings[0]


def test_an_affinity_that_is_set_stands_and_its_core_is_taken() -> None:
    made = plan({4, 5, 6, 7}, AERON_SENDER_CPU_AFFINITY="4")
    assert made == AffinityPlan({CONDUCTOR: "6", RECEIVER: "7", AGENT: "5"}, 5, ())


@pytest.mark.parametrize(
    ("mode", "pinned"),
    [("SHARED_NETWORK", {CONDUCTOR: "5", SENDER: "6"}), ("SHARED", {CONDUCTOR: "5"}), ("INVOKER", {})],
)
def test_modes_with_fewer_threads_need_fewer_cores(mode: str, pinned: dict[str, str]) -> None:
    made = plan({4, 5, 6}, AERON_THREADING_MODE=mode)
    assert made == AffinityPlan({**pinned, AGENT: "4"}, 4, ())


def test_two_rules_for_the_same_numbers_are_refused() -> None:
    with pytest.raises(SettingConflictError, match="AERON_DRIVER_CPUSET_AFFINITY"):
        plan({1, 2}, AERON_DRIVER_CPUSET_AFFINITY="true")


def test_without_the_setting_nothing_is_assigned_and_missing_affinities_are_told() -> None:
    made = plan({0, 1}, from_cgroup=False, AERON_SENDER_CPU_AFFINITY="1")
    assert (made.environment, made.main_cpu) == ({}, None)
    assert len(made.warnings) == 1
    assert RECEIVER in made.warnings[0] and SENDER not in made.warnings[0]


def test_nothing_is_said_when_both_are_pinned_or_share_a_thread() -> None:
    pinned = plan({0}, from_cgroup=False, AERON_SENDER_CPU_AFFINITY="1", AERON_RECEIVER_CPU_AFFINITY="2")
    assert pinned.warnings == ()
    assert plan({0}, from_cgroup=False, AERON_THREADING_MODE="SHARED").warnings == ()


def test_a_cpu_beyond_aerons_reach_is_told() -> None:
    made = plan({300, 301, 302, 303})
    assert len(made.warnings) == 4 and "up to 255" in made.warnings[0]
