"""The view of a driver that is well."""

from aeron_dpdk.observe.view import AddressView, DriverView, NeighbourView, PortView
from aeron_dpdk.seam import Endpoint, Level

PORT = PortView(
    id=0,
    name="0000:00:06.0",
    driver="net_ena",
    mac="02:00:00:00:00:01",
    mtu=1500,
    socket_id=0,
    rx_queues=1,
    tx_queues=3,
    rx_queue_size=1024,
    tx_queue_size=512,
    offloads=("rx-checksum",),
    is_steered=False,
    is_up=True,
    is_full_duplex=True,
    speed_mbps=0,
    is_usable=True,
    is_present=True,
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
    address=AddressView("10.0.0.5", 24, "10.0.0.1"),
    port=PORT,
    rx_queues=(Level("rx0", 3, 1024),),
    rings=(Level("adk_snd_rcv", 0, 2048),),
    mempools=(Level("adk_rx_0", 1024, 16383),),
    endpoint_count=1,
    endpoints=(Endpoint(4000, "receiver"),),
    neighbours=(NeighbourView("10.0.0.1", "02:00:00:00:00:fe", "reachable", 1500, 0),),
)
