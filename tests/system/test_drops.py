"""A frame that is not ours, incomplete or malformed is counted once, under the name of its fault."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Packet, Raw
from tests.system.fixtures import topology
from tests.system.fixtures.counters import Snapshot
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import AF_PACKET, Maker, eventually

pytestmark = pytest.mark.usefixtures("dpdk_only")

OURS, PEER = "10.91.0.1", "10.91.0.2"
OUR_MAC, PEER_MAC = "02:ad:00:00:00:01", "02:ad:00:00:00:02"
DATA_HEADER = bytes(32)
REASONS = (
    "rx-truncated",
    "rx-not-our-vlan",
    "rx-not-our-mac",
    "rx-ethertype",
    "rx-ipv4-header",
    "rx-ipv4-checksum",
    "rx-fragment",
    "rx-not-our-address",
    "rx-martian-source",
    "rx-protocol",
    "rx-udp-header",
    "rx-udp-checksum",
    "rx-no-endpoint",
)


def frame(*, mac: str = OUR_MAC, above: Packet | None = None, **ip: object) -> bytes:
    """A valid frame to a port that no channel has, except for the fields given."""
    transport = above or UDP(sport=40000, dport=20990)
    header = IP(**{"src": PEER, "dst": OURS, **ip})
    return bytes(Ether(src=PEER_MAC, dst=mac) / header / transport / Raw(DATA_HEADER))


def with_udp(**fields: object) -> bytes:
    return frame(above=UDP(dport=20990, **fields))


def flipped(offset: int) -> bytes:
    whole = bytearray(frame())
    whole[offset] ^= 0x10
    return bytes(whole)


def with_tag(tag: Dot1Q) -> bytes:
    return bytes(Ether(src=PEER_MAC, dst=OUR_MAC) / tag / Ether(frame())[IP])


EXPERIMENTAL = bytes(Ether(src=PEER_MAC, dst=OUR_MAC, type=0x88B5) / Raw(bytes(60)))

FAULTS: list[tuple[str, str, bytes]] = [
    ("cut in the IPv4 header", "rx-truncated", frame()[: 14 + 12]),
    ("cut in the payload", "rx-truncated", frame()[: 14 + 20 + 8 + 5]),
    ("with a VLAN tag", "rx-not-our-vlan", with_tag(Dot1Q(vlan=7, prio=3))),
    ("to another MAC", "rx-not-our-mac", frame(mac="02:ad:00:00:00:99")),
    ("of an experimental ethertype", "rx-ethertype", EXPERIMENTAL),
    ("with a header of four words", "rx-ipv4-header", frame(ihl=4)),
    ("of version 6 under the ethertype of 4", "rx-ipv4-header", frame(version=6)),
    ("with a bit flipped in the header", "rx-ipv4-checksum", flipped(14 + 8)),
    ("to another address", "rx-not-our-address", frame(dst="10.91.0.77")),
    ("from a multicast address", "rx-martian-source", frame(src="224.0.0.1")),
    ("from the loopback net", "rx-martian-source", frame(src="127.0.0.1")),
    ("of TCP", "rx-protocol", frame(above=TCP(dport=20990))),
    ("with a UDP length below its header's", "rx-udp-header", with_udp(len=7)),
    ("with a UDP length beyond the datagram", "rx-udp-header", with_udp(len=200)),
    ("with a wrong UDP checksum", "rx-udp-checksum", with_udp(chksum=0x1234)),
    ("with a bit flipped in the payload", "rx-udp-checksum", flipped(14 + 20 + 8 + 3)),
    ("to a port nobody has", "rx-no-endpoint", frame()),
    ("with a priority and to a port nobody has", "rx-no-endpoint", with_tag(Dot1Q(vlan=0, prio=3))),
]


FRAGMENTS = [
    ("that begins a fragmented datagram", frame(flags="MF")),
    ("that continues a fragmented datagram", frame(frag=10)),
]


@pytest.fixture(scope="module", params=["af_packet", "tap"])
def quiet(maker: Maker, request: pytest.FixtureRequest) -> Iterator[tuple[DpdkDriver, Station]]:
    """Our driver alone: only what a test sends is on the wire."""
    if request.param == "tap":
        whole_only = {"AERON_DPDK_FRAGMENTS": "false"}  # otherwise a lone fragment waits for the others
        with maker.tap("drops", settings=whole_only) as (driver, kernel), station(kernel) as host:
            yield driver, host
        return
    with topology.straight("drops", is_ours_kernel=False) as wire:
        ours = maker.dpdk(wire.ours, AF_PACKET, "drops-ours")
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def reasons(snapshot: Snapshot) -> dict[str, int]:
    return {reason: snapshot.labelled(f"dpdk-{reason}") for reason in REASONS}


def expect_counted_once(quiet: tuple[DpdkDriver, Station], fault: str, reason: str, bad: bytes) -> None:
    driver, host = quiet
    before = reasons(driver.counters())
    host.send(bad)
    eventually(
        lambda: reasons(driver.counters())[reason] != before[reason], f"{reason} counts a frame {fault}"
    )
    assert reasons(driver.counters()) == {**before, reason: before[reason] + 1}


def named(faults: Sequence[tuple[Any, ...]]) -> list[str]:
    return [fault[0].replace(" ", "_") for fault in faults]


@pytest.mark.parametrize(("fault", "reason", "bad"), FAULTS, ids=named(FAULTS))
def test_a_bad_frame_is_counted_once_under_its_fault(
    quiet: tuple[DpdkDriver, Station], fault: str, reason: str, bad: bytes
) -> None:
    expect_counted_once(quiet, fault, reason, bad)


# The af_packet PMD makes the kernel reassemble fragments before we see them (PACKET_FANOUT_FLAG_DEFRAG).
@pytest.mark.parametrize("quiet", ["tap"], indirect=True)
@pytest.mark.parametrize(("fault", "bad"), FRAGMENTS, ids=named(FRAGMENTS))
def test_a_fragment_is_counted_once(quiet: tuple[DpdkDriver, Station], fault: str, bad: bytes) -> None:
    expect_counted_once(quiet, fault, "rx-fragment", bad)


def test_padding_of_a_short_frame_is_not_taken_for_data(quiet: tuple[DpdkDriver, Station]) -> None:
    """Ethernet pads to 60 bytes; the datagram ends where IPv4 says: a valid frame to an unknown port."""
    driver, host = quiet
    before = reasons(driver.counters())
    short = Ether(src=PEER_MAC, dst=OUR_MAC) / IP(src=PEER, dst=OURS) / UDP(dport=20990) / Raw(b"x")
    host.send(bytes(short) + bytes(60 - len(bytes(short))))
    eventually(lambda: reasons(driver.counters()) != before, "the padded frame is counted")
    assert reasons(driver.counters()) == {**before, "rx-no-endpoint": before["rx-no-endpoint"] + 1}
