"""A driver's state as tables for a terminal of 80 columns or more: printed once by status, repeatedly by
top."""

import re
from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.streams import Channel
from aeron_dpdk.observe.threads import ThreadView
from aeron_dpdk.observe.view import DriverView, InterfaceView, PortView
from aeron_dpdk.seam import Level
from aeron_dpdk.tools.looking import utc
from aeron_dpdk.visible import visible_line

LATEST_ERRORS = 3
_PLACE = re.compile(r"^\[[^]]*]")
NUMBER = "right"
TEXT = "left"


def status_panels(status: Status) -> list[RenderableType]:
    driver = status.driver
    interfaces = driver.interfaces
    names = [each.name for each in interfaces]
    return [
        headline(status),
        facts_table(status),
        *titled("THREADS", threads_table(status.threads)),
        *titled("LONGEST CYCLES", cycles_table(status.longest_cycles_ns)),
        *titled("TRAFFIC", counts_table(names, [each.traffic for each in status.counts])),
        *titled("DROPS", counts_table(names, [each.drops for each in status.counts])),
        *titled("BACK PRESSURE", counts_table(names, [each.back_pressure for each in status.counts])),
        *titled("EVENTS", counts_table(names, [each.events for each in status.counts])),
        *titled(
            "QUEUES AND RINGS", levels_table(names, [(*own.rx_queues, *own.rings) for own in interfaces])
        ),
        *titled("MEMPOOLS", levels_table(names, [own.mempools for own in interfaces])),
        *titled("NEIGHBOURS", neighbours_table(driver)),
        *titled("CHANNELS", channels_table(status.channels)),
        *titled("ERRORS", errors_table(error_rows(status))),
    ]


def headline(status: Status) -> Text:
    driver = status.driver
    text = Text(f"aeronmd_dpdk {driver.version}, pid {driver.pid}, up {duration(driver.uptime_ms)}, ")
    if not status.problems:
        return text.append("healthy", style="bold green")
    return text.append("\n".join(("NOT HEALTHY", *status.problems)), style="bold red")


def facts_table(status: Status) -> Table:
    driver = status.driver
    table = Table.grid(padding=(0, 2))
    rows = [
        ("versions", f"Aeron {driver.aeron_version}, {driver.dpdk_version}"),
        ("directory", f"{status.aeron_dir}, uid {driver.uid}, gid {driver.gid}"),
        ("threading", driver.threading_mode),
    ]
    for interface in driver.interfaces:
        rows += [("", ""), ("interface", interface.name)] if len(driver.interfaces) > 1 else []
        rows += interface_rows(interface)
    for name, value in rows:
        table.add_row(Text(name, style="bold"), Text(visible_line(value)))
    return table


def interface_rows(interface: InterfaceView) -> list[tuple[str, str]]:
    port, address = interface.port, interface.address
    prefix = f"/{address.prefix_length}" if address.prefix_length else ""
    gateway = f", gateway {address.gateway}" if address.gateway else ""
    speed = f" {port.speed_mbps} Mbit/s" if port.speed_mbps else ""
    duplex = "full" if port.is_full_duplex else "half"
    return [
        ("port", f"{port.id} {port.name} ({port.driver}), {port.mac}, mtu {port.mtu}, node {port.socket_id}"),
        ("link", f"up{speed}, {duplex} duplex" if port.is_up else "down"),
        *([("VLAN", port.vlan)] if port.vlan else []),
        ("address", f"{address.local}{prefix}{gateway}"),
        *ipv6_rows(interface),
        ("endpoints", f"{interface.endpoint_count:,} UDP ports{_cut(interface)}"),
        ("offloads", ", ".join(port.offloads) or "none, checksums are computed here"),
        ("rx queues", f"{port.rx_queues} of {port.rx_queue_size} descriptors, {_steering(port)}"),
        (
            "rx time",
            "by the device, for each frame" if port.has_rx_timestamps else "by this host, for each burst",
        ),
        ("tx queues", f"{port.tx_queues} of {port.tx_queue_size} descriptors"),
    ]


def ipv6_rows(interface: InterfaceView) -> list[tuple[str, str]]:
    if interface.ipv6 is None:
        return []
    gateway = f", gateway {interface.ipv6.gateway}" if interface.ipv6.gateway else ""
    return [("IPv6", f"{', '.join(interface.ipv6.addresses)}{gateway}")]


def _steering(port: PortView) -> str:
    if port.is_steered:
        return "steered by UDP port"
    return "by hash, source ports chosen for it" if port.is_hashed else "not steered"


def _cut(interface: InterfaceView) -> str:
    listed = len(interface.endpoints)
    return "" if listed == interface.endpoint_count else f", of which --json lists the first {listed:,}"


def threads_table(threads: Iterable[ThreadView]) -> Table:
    rows = [
        (each.name, str(each.id), each.cpus, str(each.cpu), f"{each.cpu_time_ms / 1000:,.1f}")
        for each in threads
    ]
    headers = (
        ("thread", TEXT),
        ("id", NUMBER),
        ("may run on", TEXT),
        ("cpu", NUMBER),
        ("cpu time s", NUMBER),
    )
    return table(headers, rows)


def cycles_table(longest_cycles_ns: Mapping[str, int]) -> Table:
    """By Aeron's roles: a thread may have several, and its name depends on Aeron's settings."""
    rows = [(role, f"{cycle_ns / 1000:,.0f}") for role, cycle_ns in longest_cycles_ns.items()]
    return table((("role", TEXT), ("µs", NUMBER)), rows)


def counts_table(interfaces: Sequence[str], counts: Sequence[Mapping[str, int]]) -> Table:
    """The counts that are not 0 on every interface; one column per interface if there are several."""
    names = [name for name in counts[0] if any(own.get(name) for own in counts)]
    rows = [(name, *(f"{own.get(name, 0):,}" for own in counts)) for name in names]
    headings = interfaces if len(interfaces) > 1 else ("",)
    return table((("", TEXT), *((heading, NUMBER) for heading in headings)), rows)


def levels_table(interfaces: Sequence[str], levels: Sequence[Iterable[Level]]) -> Table:
    rows = [
        (interface, each.name, f"{each.length:,}", f"{each.capacity:,}")
        for interface, own in zip(interfaces, levels, strict=True)
        for each in own
    ]
    headers = (("interface", TEXT), ("name", TEXT), ("in use", NUMBER), ("of", NUMBER))
    return _of_interfaces(interfaces, headers, rows)


def neighbours_table(driver: DriverView) -> Table:
    rows = [
        (
            interface.name,
            each.address,
            each.mac or "",
            each.state,
            "" if each.confirmed_ms is None else duration(each.confirmed_ms),
            str(each.waiting_frames),
        )
        for interface in driver.interfaces
        for each in interface.neighbours
    ]
    headers = (
        ("interface", TEXT),
        ("address", TEXT),
        ("mac", TEXT),
        ("state", TEXT),
        ("confirmed", NUMBER),
        ("waiting", NUMBER),
    )
    return _of_interfaces([each.name for each in driver.interfaces], headers, rows)


def _of_interfaces(
    interfaces: Sequence[str], headers: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]
) -> Table:
    """Drops the first column if there is only one interface."""
    if len(interfaces) > 1:
        return table(headers, rows)
    return table(headers[1:], [row[1:] for row in rows])


def channels_table(channels: Iterable[Channel]) -> Table:
    rows = [
        (each.direction, each.state, ", ".join(each.media), ", ".join(each.addresses), each.uri)
        for each in channels
    ]
    headers = ("direction", "state", "medium", "own address", "channel")
    return table(tuple((name, TEXT) for name in headers), rows)


def error_rows(status: Status) -> list[tuple[str, str, str]]:
    """The latest errors, the newest last."""
    latest = sorted(status.errors, key=lambda each: each.last_ms)[-LATEST_ERRORS:]
    return [(utc(each.last_ms), str(each.observations), summary(each.text)) for each in latest]


def errors_table(rows: Sequence[tuple[str, str, str]]) -> Table:
    return table((("last seen", TEXT), ("times", NUMBER), ("error", TEXT)), rows)


def table(headers: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(name for name, _ in headers))
    for name, justify in headers:
        is_number = justify == NUMBER
        made.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:
        made.add_row(*[Text(visible_line(cell)) for cell in row])
    return made


def titled(title: str, content: Table) -> list[RenderableType]:
    """An empty table is replaced by a word."""
    heading = Text(f"\n{title}", style="bold")
    return [heading, content] if content.row_count else [heading.append(" none", style="not bold")]


def duration(milliseconds: int) -> str:
    """Two units at most: "1.5 s", "2 min 5 s", "3 h 0 min", "4 d 2 h"."""
    seconds = milliseconds // 1000
    if seconds < 60:
        return f"{milliseconds / 1000:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h"


def summary(text: str) -> str:
    """A summary of an error as Aeron writes it: the errno value on the first line, what happened on the
    second, after the place in the source."""
    code, _, rest = text.strip().partition("\n")
    what = _PLACE.sub("", rest.partition("\n")[0]).strip()
    return f"{code}: {what}" if what else code
