import json

from bench.goals import Figure, as_json, figures
from bench.results import BenchResults

from .bench_results import FLOOR, KERNEL, MEMIF, echo_done, everything

NAMES = [
    "echo_p50_vs_kernel",
    "echo_p99_vs_kernel",
    "echo_p999_vs_kernel",
    "echo_p999_vs_floor",
    "echo_p50_vs_floor",
    "echo_p50_af_xdp_vs_kernel_veth",
    "echo_p50_af_xdp_vs_floor",
    "messages_vs_kernel_32",
    "messages_vs_kernel_288",
    "messages_vs_kernel_1344",
    "bytes_vs_floor_1344",
    "bytes_vs_touching_floor_1344",
    "bytes_8k_vs_kernel",
    "rx_instructions",
    "tx_instructions",
    "handoff_saved_ns",
    "poll_1000_vs_1",
    "checksum_1408_ns",
    "ready_ms",
    "idle_wakeups_per_second",
    "idle_cpu_percent",
]


def by_name(results: BenchResults) -> dict[str, Figure]:
    return {figure.goal.name: figure for figure in figures(results)}


def median_of(figure: Figure) -> float:
    assert figure.value is not None
    return figure.value.median


def median_without_aeron(figure: Figure) -> float:
    assert figure.without_aeron is not None
    return figure.without_aeron.median


def test_the_file_has_every_figure_in_its_order_even_when_nothing_was_measured() -> None:
    listed = json.loads(json.dumps(as_json(figures(BenchResults()))))
    assert [each["name"] for each in listed] == NAMES
    assert all(each["value"] is None and each["met"] is False for each in listed)


def test_ratios_are_of_one_repeat_so_a_slow_one_does_not_move_them() -> None:
    found = by_name(everything())
    assert median_of(found["echo_p50_vs_kernel"]) == 12
    assert median_of(found["echo_p50_vs_floor"]) == 2
    assert median_of(found["messages_vs_kernel_1344"]) == 4
    assert median_of(found["bytes_vs_floor_1344"]) == 50
    assert median_of(found["bytes_vs_touching_floor_1344"]) == 80
    assert median_of(found["bytes_8k_vs_kernel"]) == 3
    assert median_of(found["poll_1000_vs_1"]) == 1
    assert median_of(found["ready_ms"]) == 750


def test_beside_a_ratio_to_the_kernel_stands_what_dpdk_alone_reaches_on_that_link() -> None:
    found = by_name(everything())
    assert median_without_aeron(found["echo_p50_vs_kernel"]) == 24
    assert median_without_aeron(found["messages_vs_kernel_1344"]) == 5
    assert round(median_without_aeron(found["bytes_8k_vs_kernel"])) == 8
    assert found["messages_vs_kernel_32"].without_aeron is None, "Aeron packs these, DPDK alone does not"
    listed = {each["name"]: each for each in as_json(figures(everything()))}
    assert listed["echo_p50_vs_kernel"]["without_aeron"] == 24
    assert listed["rx_instructions"]["without_aeron"] is None


def test_a_repeat_that_only_one_of_two_paths_has_gives_no_ratio() -> None:
    results = BenchResults(streams=[echo_done(KERNEL, 0, 12_000), echo_done(MEMIF, 1, 1_000)])
    assert by_name(results)["echo_p50_vs_kernel"].value is None


def test_the_spread_is_that_of_the_repeats() -> None:
    results = BenchResults(
        streams=[
            *(echo_done(KERNEL, repeat, rtt_ns) for repeat, rtt_ns in enumerate((9_000, 10_000, 30_000))),
            *(echo_done(MEMIF, repeat, 1_000) for repeat in range(3)),
        ]
    )
    value = by_name(results)["echo_p50_vs_kernel"].value
    assert value is not None
    assert (value.low, value.median, value.high) == (9, 10, 30)


def test_a_floor_is_met_from_above_and_a_ceiling_from_below() -> None:
    found = by_name(everything())
    assert found["echo_p50_vs_kernel"].is_met, "12 where 9 is asked"
    assert found["rx_instructions"].is_met, "exactly what is allowed"
    assert found["tx_instructions"].is_met is False, "121 where 120 is allowed"
    assert found["messages_vs_kernel_1344"].is_met is False, "4 where 5 is asked"
    assert found["messages_vs_kernel_32"].is_met is None, "was not measured"


def test_a_goal_that_dpdk_alone_misses_too_is_out_of_reach() -> None:
    results = BenchResults(
        streams=[echo_done(KERNEL, 0, 4_000), echo_done(MEMIF, 0, 1_500), echo_done(FLOOR, 0, 1_000)]
    )
    figure = by_name(results)["echo_p50_vs_kernel"]
    assert figure.is_met is False
    assert figure.is_out_of_reach, "DPDK alone is 4 times as fast, where 9 is asked"
    assert not by_name(everything())["echo_p50_vs_kernel"].is_out_of_reach
    assert not by_name(everything())["tx_instructions"].is_out_of_reach, "nothing to compare with"
