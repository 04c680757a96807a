"""Metrics by Prometheus' conventions; the dashboard and the alert rules use only metrics that exist."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from tests.unit.observe.statuses import STATUS, STATUS_OF_TWO, URI

from aeron_dpdk.observe.metrics import _SYSTEM_COUNTERS, MAX_STREAMS, families, families_up
from aeron_dpdk.observe.status import Status

DASHBOARDS = Path(__file__).resolve().parents[3] / "dashboards"
ALERTS = DASHBOARDS / "alerts.yml"
FULL = replace(STATUS, system=dict.fromkeys(_SYSTEM_COUNTERS, 0))


class Fixed(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def exposed(status: Status) -> str:
    registry = CollectorRegistry()
    registry.register(Fixed(families(status)))
    return generate_latest(registry).decode()


def value_of(sample: str) -> float:
    [line] = [line for line in exposed(STATUS).splitlines() if line.startswith(f"{sample} ")]
    return float(line.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        ("aeron_dpdk_up", 1),
        ('aeron_dpdk_packets_total{direction="rx",interface="dpdk0"}', 10),
        ('aeron_dpdk_bytes_total{direction="tx",interface="dpdk0"}', 700),
        ('aeron_dpdk_packets_total{direction="loopback",interface="dpdk0"}', 1),
        ('aeron_dpdk_dropped_packets_total{interface="dpdk0",reason="rx-missed"}', 6),
        ('aeron_dpdk_dropped_packets_total{interface="dpdk0",reason="rx-fragment"}', 0),
        ('aeron_dpdk_events_total{event="arp-replies-sent",interface="dpdk0"}', 2),
        ('aeron_dpdk_xstat_total{interface="dpdk0",name="bw_in_allowance_exceeded"}', 8),
        ('aeron_dpdk_ring_frames{interface="dpdk0",ring="rx0"}', 3),
        ('aeron_dpdk_mempool_mbufs{interface="dpdk0",mempool="adk_rx_0"}', 1024),
        ('aeron_dpdk_neighbours{interface="dpdk0",state="reachable"}', 1),
        ('aeron_dpdk_thread_cpu_seconds_total{cpus="2",thread="receiver"}', 61),
        ('aeron_longest_cycle_seconds{role="sender"}', 20e-6),
        ("aeron_dpdk_start_time_seconds", 939),
        ("aeron_dpdk_conductor_heartbeat_timestamp_seconds", 999.5),
        ("aeron_sent_bytes_total", 1000),
        ("aeron_conductor_slow_cycles_total", 1),
        ('aeron_dpdk_mtu_bytes{interface="dpdk0"}', 1500),
    ],
)
def test_a_value_has_its_name_and_its_unit(sample: str, value: float) -> None:
    assert value_of(sample) == value


def test_each_interface_is_a_label_of_its_own() -> None:
    lines = exposed(STATUS_OF_TWO).splitlines()
    for line in (
        'aeron_dpdk_packets_total{direction="rx",interface="dpdk0"} 10.0',
        'aeron_dpdk_packets_total{direction="rx",interface="dpdk1"} 20.0',
        'aeron_dpdk_link_up{interface="dpdk1"} 1.0',
        'aeron_dpdk_mempool_mbufs{interface="dpdk1",mempool="adk_rx_0"} 1024.0',
        'aeron_dpdk_neighbours{interface="dpdk1",state="stale"} 1.0',
    ):
        assert line in lines


def test_losses_of_all_sessions_of_a_stream_add_up() -> None:
    labels = f'{{channel="{URI}",source="10.0.0.9:1",stream_id="1001"}}'
    assert value_of(f"aeron_lost_bytes_total{labels}") == 160
    assert value_of(f"aeron_lost_gaps_total{labels}") == 5


def test_positions_are_gauges_and_what_happened_to_a_stream_are_counters() -> None:
    where = f'channel="{URI}",direction="send"'
    rest = 'session_id="9",stream_id="1002"'
    assert value_of(f'aeron_stream_position_bytes{{{where},position="snd-lmt",{rest}}}') == 4096
    assert value_of(f'aeron_stream_events_total{{{where},position="snd-bpe",{rest}}}') == 2


def test_the_streams_of_one_scrape_are_bounded() -> None:
    stream = STATUS.streams[1]
    many = replace(STATUS, streams=tuple(replace(stream, session_id=id_) for id_ in range(MAX_STREAMS + 9)))
    assert exposed(many).count('position="snd-pos"') == MAX_STREAMS
    assert f"aeron_streams {MAX_STREAMS + 9}.0" in exposed(many)


def test_a_driver_that_does_not_answer_is_down() -> None:
    registry = CollectorRegistry()
    registry.register(Fixed(families_up(False)))
    assert generate_latest(registry).decode().splitlines()[-1] == "aeron_dpdk_up 0.0"


def names() -> set[str]:
    return {re.split(r"[{ ]", line)[0] for line in exposed(FULL).splitlines() if not line.startswith("#")}


def asked_for(expression: str) -> set[str]:
    return set(re.findall(r"\baeron_\w+", expression))


def test_the_dashboard_uses_metrics_that_exist() -> None:
    dashboard = json.loads((DASHBOARDS / "grafana.json").read_text())
    targets = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(targets) > 20
    assert {name for each in targets for name in asked_for(each)} <= names()


def test_the_alerts_use_metrics_and_reasons_that_exist() -> None:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    expressions = [rule["expr"] for rule in group["rules"]]
    assert {name for each in expressions for name in asked_for(each)} <= names()
    for label, pattern in re.findall(r'(reason|event|name)=~?"([^"]+)"', " ".join(expressions)):
        assert re.search(rf'{label}="({pattern})"', exposed(FULL)), pattern


@pytest.mark.skipif(shutil.which("promtool") is None, reason="not installed: promtool (Debian: prometheus)")
def test_promtool_accepts_rules_and_metrics() -> None:
    subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=True, capture_output=True)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=exposed(FULL), text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
