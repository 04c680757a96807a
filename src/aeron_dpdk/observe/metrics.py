"""A driver's state as Prometheus metrics: names, units and types by its conventions
(prometheus.io/docs/practices/naming). Pure: from what was seen to metric families.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from aeron_dpdk.observe.cnc import Loss
from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.streams import Stream
from aeron_dpdk.seam import Level

# More would make a scrape too large; for a driver with more streams, watch its channels and totals.
MAX_STREAMS = 256
INTERFACE = "interface"  # the label that names the interface: dpdk0, dpdk1

_MS_PER_S = 1e3
_NS_PER_S = 1e9
_BYTES_PER_MBIT = 125_000

# Aeron's system counters (AERON_SYSTEM_COUNTER_ID_*): metric without _total, what it counts.
_SYSTEM_COUNTERS = {
    0: ("aeron_sent_bytes", "UDP payload sent by the driver"),
    1: ("aeron_received_bytes", "UDP payload received by the driver"),
    5: ("aeron_naks_sent", "NAKs sent: gaps found by receivers"),
    6: ("aeron_naks_received", "NAKs received: gaps found by the other side"),
    7: ("aeron_status_messages_sent", "Status messages sent"),
    8: ("aeron_status_messages_received", "Status messages received"),
    11: ("aeron_retransmits_sent", "Retransmits sent"),
    12: ("aeron_flow_control_under_runs", "Data frames below a receiver's window"),
    13: ("aeron_flow_control_over_runs", "Data frames above a receiver's window"),
    14: ("aeron_invalid_packets", "Frames that Aeron found invalid"),
    15: ("aeron_errors", "Errors, of which aeron-dpdk errors shows the distinct ones"),
    16: ("aeron_short_sends", "Sends that the port took only in part"),
    18: ("aeron_sender_flow_control_limits", "Times that flow control held a sender back"),
    23: ("aeron_loss_gap_fills", "Gaps skipped by unreliable streams"),
    24: ("aeron_client_timeouts", "Clients that timed out"),
    27: ("aeron_conductor_slow_cycles", "Conductor duty cycles above the threshold"),
    29: ("aeron_sender_slow_cycles", "Sender duty cycles above the threshold"),
    31: ("aeron_receiver_slow_cycles", "Receiver duty cycles above the threshold"),
    36: ("aeron_retransmitted_bytes", "Bytes retransmitted"),
    37: ("aeron_retransmit_overflows", "Retransmits refused because too many were in progress"),
    44: ("aeron_status_messages_rejected", "Status messages rejected"),
}


def families_up(is_up: bool) -> Iterator[Metric]:
    """All that is exported if the driver does not answer."""
    yield GaugeMetricFamily("aeron_dpdk_up", "1 when the driver answered", value=is_up)


def families(status: Status) -> Iterator[Metric]:
    yield from families_up(True)
    yield from _process(status)
    yield from _ports(status)
    yield from _counts(status)
    interfaces = status.driver.interfaces
    yield from _levels("ring", "frames", {each.name: (*each.rx_queues, *each.rings) for each in interfaces})
    yield from _levels("mempool", "mbufs", {each.name: each.mempools for each in interfaces})
    for id_, (name, what) in _SYSTEM_COUNTERS.items():
        if id_ in status.system:
            yield CounterMetricFamily(name, what, value=status.system[id_])
    yield from _streams(status.streams)
    yield from _losses(status.losses)


def _process(status: Status) -> Iterator[Metric]:
    driver = status.driver
    info = GaugeMetricFamily(
        "aeron_dpdk_build_info",
        "Versions, as labels",
        labels=("version", "aeron_version", "dpdk_version", "threading_mode"),
    )
    info.add_metric(
        (driver.version, driver.aeron_version, driver.dpdk_version, driver.threading_mode), value=1
    )
    yield info
    start_s = (status.at_ms - driver.uptime_ms) / _MS_PER_S
    yield GaugeMetricFamily("aeron_dpdk_start_time_seconds", "When the driver became ready", value=start_s)
    yield GaugeMetricFamily(
        "aeron_dpdk_conductor_heartbeat_timestamp_seconds",
        "The last heartbeat of Aeron's conductor",
        value=status.facts.heartbeat_ms / _MS_PER_S,
    )
    yield GaugeMetricFamily(
        "aeron_dpdk_problems", "What aeron-dpdk status finds unhealthy", value=len(status.problems)
    )
    cpu = CounterMetricFamily(
        "aeron_dpdk_thread_cpu_seconds", "CPU time of each thread", labels=("thread", "cpus")
    )
    for thread in status.threads:
        cpu.add_metric((thread.name, thread.cpus), thread.cpu_time_ms / _MS_PER_S)
    yield cpu
    cycles = GaugeMetricFamily(
        "aeron_longest_cycle_seconds", "Longest duty cycle since the start", labels=("role",)
    )
    for role, value in status.longest_cycles_ns.items():
        cycles.add_metric((role,), value / _NS_PER_S)
    yield cycles
    states = {
        each.name: Counter(neighbour.state for neighbour in each.neighbours) for each in driver.interfaces
    }
    yield _gauge("aeron_dpdk_neighbours", "Entries of the neighbour table", "state", states)


def _ports(status: Status) -> Iterator[Metric]:
    ports = {each.name: each.port for each in status.driver.interfaces}
    info = GaugeMetricFamily(
        "aeron_dpdk_port_info",
        "The DPDK port, as labels",
        labels=(INTERFACE, "port", "device", "driver", "mac"),
    )
    up = GaugeMetricFamily("aeron_dpdk_link_up", "1 when the link is up", labels=(INTERFACE,))
    speed = GaugeMetricFamily(
        "aeron_dpdk_link_speed_bytes",
        "Speed of the link in bytes per second, 0 where the device does not know",
        labels=(INTERFACE,),
    )
    mtu = GaugeMetricFamily("aeron_dpdk_mtu_bytes", "IPv4 MTU of the link", labels=(INTERFACE,))
    for name, port in ports.items():
        info.add_metric((name, str(port.id), port.name, port.driver, port.mac), 1)
        up.add_metric((name,), port.is_up)
        speed.add_metric((name,), port.speed_mbps * _BYTES_PER_MBIT)
        mtu.add_metric((name,), port.mtu)
    yield from (info, up, speed, mtu)


def _counts(status: Status) -> Iterator[Metric]:
    names = [each.name for each in status.driver.interfaces]
    counts = dict(zip(names, status.counts, strict=True))
    for unit in ("packets", "bytes"):
        found = {
            interface: {
                name.removesuffix(f"-{unit}"): value
                for name, value in each.traffic.items()
                if name.endswith(unit)
            }
            for interface, each in counts.items()
        }
        yield _counter(f"aeron_dpdk_{unit}", f"Traffic in {unit}, Ethernet without FCS", "direction", found)
    for name, what, label, values in (
        ("xstat", "The PMD's extended statistics", "name", {n: each.xstats for n, each in counts.items()}),
        ("dropped_packets", "Frames dropped", "reason", {n: each.drops for n, each in counts.items()}),
        (
            "back_pressure",
            "Frames that Aeron was told to send again",
            "reason",
            {n: each.back_pressure for n, each in counts.items()},
        ),
        (
            "events",
            "What the control plane did and saw",
            "event",
            {n: each.events for n, each in counts.items()},
        ),
    ):
        yield _counter(f"aeron_dpdk_{name}", what, label, values)


def _levels(what: str, unit: str, levels: Mapping[str, Iterable[Level]]) -> Iterator[Metric]:
    used = {interface: {each.name: each.length for each in own} for interface, own in levels.items()}
    capacity = {interface: {each.name: each.capacity for each in own} for interface, own in levels.items()}
    yield _gauge(f"aeron_dpdk_{what}_{unit}", f"In each {what}", what, used)
    yield _gauge(f"aeron_dpdk_{what}_capacity_{unit}", f"What each {what} holds", what, capacity)


def _streams(streams: tuple[Stream, ...]) -> Iterator[Metric]:
    yield GaugeMetricFamily("aeron_streams", "Publications and images", value=len(streams))
    labels = ("position", "direction", "channel", "stream_id", "session_id")
    positions = GaugeMetricFamily("aeron_stream_position_bytes", "By Aeron's name for it", labels=labels)
    events = CounterMetricFamily(
        "aeron_stream_events", "snd-bpe is back pressure, NAKs are loss", labels=labels
    )
    for stream in streams[:MAX_STREAMS]:
        where = (stream.direction, stream.channel, str(stream.stream_id), str(stream.session_id))
        for name, value in stream.positions.items():
            (positions if name.endswith(("pos", "lmt", "hwm")) else events).add_metric((name, *where), value)
    yield positions
    yield events


def _losses(losses: Iterable[Loss]) -> Iterator[Metric]:
    labels = ("channel", "stream_id", "source")
    lost = CounterMetricFamily("aeron_lost_bytes", "Bytes that receivers found missing", labels=labels)
    gaps = CounterMetricFamily("aeron_lost_gaps", "Gaps that receivers found", labels=labels)
    lost_bytes: Counter[tuple[str, str, str]] = Counter()
    observations: Counter[tuple[str, str, str]] = Counter()
    for loss in losses:  # one for each session
        where = (loss.channel, str(loss.stream_id), loss.source)
        lost_bytes[where] += loss.bytes
        observations[where] += loss.observations
    for where, value in lost_bytes.items():
        lost.add_metric(where, value)
        gaps.add_metric(where, observations[where])
    yield lost
    yield gaps


def _counter(name: str, what: str, label: str, values: Mapping[str, Mapping[str, float]]) -> Metric:
    family = CounterMetricFamily(name, what, labels=(INTERFACE, label))
    for interface, own in values.items():
        for key, value in own.items():
            family.add_metric((interface, key), value)
    return family


def _gauge(name: str, what: str, label: str, values: Mapping[str, Mapping[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=(INTERFACE, label))
    for interface, own in values.items():
        for key, value in own.items():
            family.add_metric((interface, key), value)
    return family
