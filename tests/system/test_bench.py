"""`./dev bench` as users run it, but with shorter durations. Its figures are not judged."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import single_costs
from bench.single_costs import CHANNELS, Subject, measure_cost
from bench.veth_pair import NAMESPACES, PREFIX, may_make_veth

from aeron_dpdk.tools.measure.alone import measuring_alone
from aeron_dpdk.tools.measure.conditions import Conditions, environment

TIMEOUT_S = 600
SHARED_MEMORY = Path("/dev/shm")


def bench(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def traces() -> dict[str, Any]:
    """What a bench may change on a machine, recorded while nothing is being measured."""
    with measuring_alone(lambda: None):
        return {
            "files": {path.name for path in SHARED_MEMORY.glob("aeron-dpdk-measure-*")},
            "namespaces": {path.name for path in NAMESPACES.glob(f"{PREFIX}-*")},
        }


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    before = traces()
    yield
    assert traces() == before


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All parts but cost, which has a separate test; once, for 20 ms each."""
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    parts = ("floor", "echo", "throughput", "endpoints", "quiet", "threads", "driver")
    process = bench("--repeats", "1", "--duration-ms", "20", "--json", str(file), *parts)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, output
    content: dict[str, Any] = json.loads(file.read_text())
    assert content["failures"] == []
    return content


def table(content: dict[str, Any], title: str) -> dict[str, list[str]]:
    """The cells of the table whose title begins with `title`, by the first cell of their row."""
    found = next(each for each in content["tables"] if each["title"].startswith(title))
    return {row[0]: row[1:] for row in found["rows"]}


def test_every_figure_that_was_asked_for_is_there(measured: dict[str, Any]) -> None:
    missing = {each["name"] for each in measured["figures"] if each["value"] is None}
    expected = {"rx_instructions", "tx_instructions", "checksum_1408_ns"}
    if not may_make_veth():
        expected.add("echo_p50_af_xdp_vs_kernel_veth")
    if any("8 KiB" in note for note in measured["notes"]):
        expected.add("bytes_8k_vs_kernel")
    assert missing == expected
    assert all(each["value"] > 0 for each in measured["figures"] if each["name"] not in missing)


def test_every_path_has_round_trips_at_every_length(measured: dict[str, Any]) -> None:
    rows = table(measured, "Echo")
    paths = ["DPDK, memif, no Aeron", "DPDK, memif", "kernel UDP, loopback"]
    if may_make_veth():
        paths += ["DPDK, af_xdp on veth", "DPDK, af_packet on veth", "kernel UDP, veth"]
    for length in ("32", "288", "1,344"):
        for path in paths:
            assert f"{length} B, ping-pong: {path}" in rows


def test_messages_cross_without_loss_on_memif(measured: dict[str, Any]) -> None:
    rows = table(measured, "Throughput")
    assert float(rows["32 B: DPDK, memif"][0]) > 0
    assert rows["32 B: DPDK, memif"][3:] == ["0", "0", "0"]
    assert rows["1,344 B: DPDK, memif, no Aeron"][3] == "0"
    assert rows["1,344 B: DPDK, memif, no Aeron, payload touched"][3] == "0"


def test_a_poll_is_measured_at_every_number_of_channels(measured: dict[str, Any]) -> None:
    assert {
        f"{medium}, {channels}" for medium in ("dpdk", "kernel") for channels in ("1", "10", "100", "1,000")
    } == table(measured, "Cost of a poll").keys()


def test_the_data_path_is_quiet(measured: dict[str, Any]) -> None:
    """Page faults, allocations, system calls and sleeps of our threads; not the effects of other
    processes."""
    rows = table(measured, "Quiet")
    assert len(rows) == 4
    for name, (allocations, system_calls, page_faults, own_switches, *_) in rows.items():
        if name.startswith("one-way"):
            assert allocations in ("0", "not counted"), name
        assert system_calls in ("0", "not counted"), name
        assert (page_faults, own_switches) == ("0", "0"), name


def test_a_frame_reaches_both_threads(measured: dict[str, Any]) -> None:
    assert len(table(measured, "DEDICATED")) == 2


def test_an_interrupted_bench_leaves_nothing(nothing_is_left: None) -> None:
    process = bench("--repeats", "50", "echo")
    deadline = time.monotonic() + TIMEOUT_S
    while not list(SHARED_MEMORY.glob("aeron-dpdk-measure-*")):
        assert process.poll() is None, "the bench ended"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode != 0


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured() -> None:
    process = bench("--json", "/no/such/folder/bench.json")
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2


def test_a_driver_that_looks_for_changed_host_names_while_polls_are_measured_survives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The channels measured are transports without Aeron's endpoints behind them."""
    monkeypatch.setattr(
        single_costs,
        "environment",
        lambda *arguments: environment(*arguments) | {"AERON_DRIVER_RERESOLUTION_CHECK_INTERVAL": "1us"},
    )
    conditions = Conditions(0, 0, (0,), (1,), has_huge_pages=False)
    for subject in (Subject.POLL_KERNEL, Subject.POLL_DPDK):
        assert {each.channels for each in measure_cost(subject, conditions, batches=1)} == set(CHANNELS)
