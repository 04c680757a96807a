"""IPv6 over the DPDK port against the stock driver: unicast, groups, fragments, both families on one port.

Over a tap, so that fragments arrive unchanged, and the device is asked for IPv6 checksums.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (
    HBHOptUnknown,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw
from tests.system.fixtures.client import digest_of
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.frames import station
from tests.system.fixtures.testbed import Content, Maker, eventually, next_port, transfer, udp
from tests.system.fixtures.topology import End

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
LONG: Content = {"messages": 200, "min": 1, "max": 30000}
OURS, SECOND, PEER = "2001:db8:91::1", "2001:db8:91::5", "2001:db8:91::2"
# From the MACs 02:ad:00:00:00:01 and 02 (RFC 4291, appendix A).
OURS_LINK_LOCAL, PEER_LINK_LOCAL = "fe80::ad:ff:fe00:1", "fe80::ad:ff:fe00:2"
_groups = count(1, 2)  # Aeron's data groups have an odd last byte; the control group is the next one up.


@dataclass(frozen=True)
class Pair:
    ours: DpdkDriver
    peer: Driver
    kernel: End


@pytest.fixture(scope="module")
def pair(maker: Maker) -> Iterator[Pair]:
    settings = {"AERON_DPDK_LOCAL_IPV6_ADDRESS": f"{OURS}/64,{SECOND}/64"}
    with maker.tap("ipv6", settings=settings) as (ours, kernel):
        # Only now: until the kernel's side has its own MAC, it would claim our link-local address.
        kernel.namespace.run("sysctl", "-qw", f"net.ipv6.conf.{kernel.interface}.disable_ipv6=0")
        kernel.namespace.ip("address", "add", f"{PEER}/64", "dev", kernel.interface, "nodad")
        peer = maker.kernel(kernel, "ipv6-peer")
        try:
            peer.start()
            yield Pair(ours, peer, kernel)
        finally:
            peer.discard()
        assert ours.stop() == 0, ours.output


@pytest.fixture(params=["from_us_to_the_kernel", "from_the_kernel_to_us"])
def is_ours_the_source(request: pytest.FixtureRequest) -> bool:
    return str(request.param) == "from_us_to_the_kernel"


@pytest.fixture
def flow(pair: Pair, is_ours_the_source: bool) -> tuple[Driver, Driver]:
    return (pair.ours, pair.peer) if is_ours_the_source else (pair.peer, pair.ours)


def address_of(pair: Pair, driver: Driver) -> str:
    return f"[{OURS if driver is pair.ours else PEER}]"


def interface_of(pair: Pair, driver: Driver) -> str:
    return f"{address_of(pair, driver)}/64"


def next_group() -> str:
    """A group for one test, with a scope that a site would route."""
    return f"[ff15::20:{next(_groups):x}]"


def test_a_stream_crosses(pair: Pair, flow: tuple[Driver, Driver]) -> None:
    source, sink = flow
    transfer(source, sink, udp(address_of(pair, sink), next_port()), **LONG)


def test_a_stream_between_link_local_addresses_crosses(pair: Pair, is_ours_the_source: bool) -> None:
    """Aeron drops %scope: the stock driver's socket gets one from its interface, or by being bound to
    [::]."""
    port = next_port()
    if is_ours_the_source:
        transfer(pair.ours, pair.peer, udp(f"[{PEER_LINK_LOCAL}]", port), udp("[::]", port), **CONTENT)
    else:
        channel = udp(f"[{OURS_LINK_LOCAL}]", port, interface=f"[{PEER_LINK_LOCAL}]/64")
        transfer(pair.peer, pair.ours, channel, udp(f"[{OURS_LINK_LOCAL}]", port), **CONTENT)


def test_a_stream_to_ourselves_never_leaves(pair: Pair) -> None:
    transfer(pair.ours, pair.ours, udp(f"[{OURS}]", next_port(), mtu=8192), **LONG)


def test_datagrams_longer_than_the_link_go_and_come_in_fragments(
    pair: Pair, flow: tuple[Driver, Driver]
) -> None:
    source, sink = flow
    name = "dpdk-tx-fragmented" if source is pair.ours else "dpdk-rx-reassembled"
    before = pair.ours.counters().labelled(name)
    transfer(source, sink, udp(address_of(pair, sink), next_port(), mtu=8192), **LONG)
    eventually(lambda: pair.ours.counters().labelled(name) > before, f"{name} moves")


def test_a_stream_to_a_group_crosses_and_is_heard_at_home(pair: Pair, flow: tuple[Driver, Driver]) -> None:
    source, sink = flow
    group, port = next_group(), next_port()

    def channel(driver: Driver, **parameters: object) -> str:
        return udp(group, port, interface=interface_of(pair, driver), **parameters)

    hearers = [sink, source] if source is pair.ours else [sink]
    subscribers = [each.client("subscribe", channel=channel(each), **CONTENT) for each in hearers]
    for each in subscribers:
        each.await_event("ready")
    publisher = source.client("publish", channel=channel(source, fc=f"min,g:/{len(hearers)}"), **CONTENT)
    [sent] = publisher.finish()["publications"]
    for each in subscribers:
        [subscription] = each.finish()["subscriptions"]
        assert [digest_of(one) for one in subscription["sources"]] == [digest_of(sent)]


def test_a_publication_with_dynamic_destinations_serves_the_other_side(
    pair: Pair, flow: tuple[Driver, Driver]
) -> None:
    source, sink = flow
    control = f"{address_of(pair, source)}:{next_port()}"
    transfer(
        source,
        sink,
        f"aeron:udp?control={control}|control-mode=dynamic|fc=min,g:/1",
        f"aeron:udp?control={control}|control-mode=dynamic|endpoint={address_of(pair, sink)}:{next_port()}",
        **CONTENT,
    )


def test_a_subscription_to_all_addresses_hears_both_families(pair: Pair) -> None:
    port = next_port()
    for channel in (udp(pair.ours.address, port), udp(f"[{OURS}]", port)):
        transfer(pair.peer, pair.ours, channel, udp("[::]", port), **CONTENT)


def test_channels_of_both_families_share_a_port_number(pair: Pair) -> None:
    port = next_port()
    subscriber = pair.ours.client("subscribe", channel=udp(pair.ours.address, port), patient=True, **CONTENT)
    subscriber.await_event("ready")
    transfer(pair.peer, pair.ours, udp(f"[{OURS}]", port), **CONTENT)
    subscriber.stop()


def test_two_addresses_have_each_a_channel_on_one_port(pair: Pair) -> None:
    port = next_port()
    channels = [udp(f"[{address}]", port) for address in (OURS, SECOND)]
    sinks = [pair.ours.client("subscribe", channel=channel, **CONTENT) for channel in channels]
    for sink in sinks:
        sink.await_event("ready")
    sources = [
        pair.peer.client("publish", channel=channel, seed=seed, **CONTENT)
        for seed, channel in enumerate(channels)
    ]
    sent = [digest_of(source.finish()["publications"][0]) for source in sources]
    came = [[digest_of(each) for each in sink.finish()["subscriptions"][0]["sources"]] for sink in sinks]
    assert came == [[one] for one in sent] and sent[0] != sent[1]


def test_one_address_serves_a_port_that_the_other_listens_on(pair: Pair) -> None:
    """A publication's control address uses one, a subscription's endpoint the other."""
    port = next_port()
    heard = udp(f"[{OURS}]", port)
    sink = pair.ours.client("subscribe", channel=heard, **CONTENT)
    sink.await_event("ready")
    control = f"aeron:udp?control=[{SECOND}]:{port}|control-mode=dynamic"
    transfer(
        pair.ours,
        pair.peer,
        f"{control}|fc=min,g:/1",
        f"{control}|endpoint=[{PEER}]:{next_port()}",
        **CONTENT,
    )
    [sent] = pair.peer.client("publish", channel=heard, **CONTENT).finish()["publications"]
    assert [digest_of(each) for each in sink.finish()["subscriptions"][0]["sources"]] == [digest_of(sent)]


def datagram(port: int, **fields: object) -> Packet:
    return UDP(sport=9, dport=port, **fields) / Raw(bytes(100))


def header(**fields: object) -> Packet:
    return IPv6(**{"src": PEER, "dst": OURS, **fields})


HOSTILE: dict[str, tuple[str, Callable[[int], Packet]]] = {
    "no checksum": ("rx-udp-checksum", lambda port: header() / datagram(port, chksum=0)),
    "a wrong checksum": ("rx-udp-checksum", lambda port: header() / datagram(port, chksum=0x1234)),
    "from our own address": ("rx-martian-source", lambda port: header(src=OURS) / datagram(port)),
    "from loopback": ("rx-martian-source", lambda port: header(src="::1") / datagram(port)),
    "from a group": ("rx-martian-source", lambda port: header(src="ff02::1") / datagram(port)),
    "from nowhere": ("rx-martian-source", lambda port: header(src="::") / datagram(port)),
    "a mapped source": ("rx-martian-source", lambda port: header(src="::ffff:10.91.0.2") / datagram(port)),
    "to another": ("rx-not-our-address", lambda port: header(dst="2001:db8:91::7") / datagram(port)),
    "another version": ("rx-ipv6-header", lambda port: header(version=4) / datagram(port)),
    "a cut packet": ("rx-truncated", lambda port: header(plen=900) / datagram(port)),
    "a route that goes on": (
        "rx-ipv6-header",
        lambda port: header() / IPv6ExtHdrRouting(addresses=[OURS], segleft=1) / datagram(port),
    ),
    "an option not to be skipped": (
        "rx-ipv6-header",
        lambda port: (
            header()
            / IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0xC2, optdata=bytes(4))])
            / datagram(port)
        ),
    ),
    "a late hop-by-hop header": (
        "rx-ipv6-header",
        lambda port: header() / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / datagram(port),
    ),
    "a lone first fragment": (
        "rx-fragment",
        lambda port: header() / IPv6ExtHdrFragment(m=1, id=7) / UDP(sport=9, dport=port, len=900),
    ),
    "a fragment of ICMPv6": (
        "rx-fragment",
        lambda port: header() / IPv6ExtHdrFragment(m=1, nh=58) / Raw(bytes(64)),
    ),
    "a group that nobody hears": (
        "rx-not-our-group",
        lambda port: header(dst="ff15::99") / datagram(port),
    ),
    "no channel": ("rx-no-endpoint", lambda port: header() / datagram(port)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_frame_is_counted_once_under_its_fault(pair: Pair, kind: str) -> None:
    fault, packet = HOSTILE[kind]
    name = f"dpdk-{fault}"
    before = pair.ours.counters().labelled(name)
    mac = "33:33:00:00:00:99" if fault == "rx-not-our-group" else pair.ours.end.mac
    with station(pair.kernel) as other_host:
        other_host.send(Ether(src=pair.kernel.mac, dst=mac, type=0x86DD) / packet(next_port()))
        if kind == "a lone first fragment":
            # It waits for half a second; the next frame after that makes the table discard it.
            other_host.send(Ether(src=pair.kernel.mac, dst=mac) / packet(next_port()))
    eventually(lambda: pair.ours.counters().labelled(name) > before, f"{name} moves")


def test_headers_that_may_be_skipped_and_a_lone_fragment_are_data(pair: Pair) -> None:
    """They get as far as the lookup of the UDP port."""
    before = pair.ours.counters().labelled("dpdk-rx-no-endpoint")
    with station(pair.kernel) as other_host:
        for extension in (IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt(), IPv6ExtHdrFragment(id=9)):
            other_host.send(
                Ether(src=pair.kernel.mac, dst=pair.ours.end.mac)
                / header()
                / extension
                / datagram(next_port())
            )
    eventually(
        lambda: pair.ours.counters().labelled("dpdk-rx-no-endpoint") == before + 3, "all three are data"
    )
