"""The view of a healthy driver."""

from dataclasses import replace

from aeron_dpdk.observe.view import AddressView, DriverView, InterfaceView, Ipv6View, NeighbourView, PortView
from aeron_dpdk.seam import Endpoint, Level

PORT = PortView(
    id=0,
    name="0000:00:06.0",
    driver="net_ena",
    mac="02:00:00:00:00:01",
    mtu=1500,
    vlan=None,
    socket_id=0,
    rx_queues=1,
    tx_queues=3,
    rx_queue_size=1024,
    tx_queue_size=512,
    offloads=("rx-checksum",),
    is_steered=False,
    has_rx_timestamps=False,
    is_hashed=False,
    is_up=True,
    is_full_duplex=True,
    speed_mbps=0,
    is_usable=True,
    is_present=True,
)

INTERFACE = InterfaceView(
    name="dpdk0",
    address=AddressView("10.0.0.5", 24, "10.0.0.1"),
    ipv6=Ipv6View(("fd00::5/64", "fe80::ff:fe00:5/64"), "fe80::fe"),
    port=PORT,
    rx_queues=(Level("rx0", 3, 1024),),
    rings=(Level("adk_snd_rcv", 0, 2048),),
    mempools=(Level("adk_rx_0", 1024, 16383),),
    endpoint_count=1,
    endpoints=(Endpoint(4000, "receiver"),),
    neighbours=(NeighbourView("10.0.0.1", "02:00:00:00:00:fe", "reachable", 1500, 0),),
)

VIEW = DriverView(
    version="0.1.0",
    aeron_version="1.53.0",
    dpdk_version="DPDK 22.11.11",
    pid=42,
    uid=1000,
    gid=1000,
    uptime_ms=61_000,
    threading_mode="DEDICATED",
    interfaces=(INTERFACE,),
)

SECOND = replace(
    INTERFACE,
    name="dpdk1",
    address=AddressView("10.0.1.5", 24, None),
    ipv6=None,
    port=replace(PORT, id=1, name="0000:00:07.0", mac="02:00:00:00:00:02"),
    neighbours=(NeighbourView("10.0.1.9", "02:00:00:00:00:09", "stale", 2500, 0),),
)


def seen(*interfaces: InterfaceView) -> DriverView:
    return replace(VIEW, interfaces=interfaces)


WITH_TWO = seen(INTERFACE, SECOND)
