"""The paths that the bench compares in addition to those of the demo."""

from dataclasses import replace
from ipaddress import IPv4Interface

from aeron_dpdk.tools.measure.paths import End, MeasuredPath
from bench.veth_pair import VethEnd

# RFC 2544, as for the demo. The veth's kernel ends have addresses that differ from those of the DPDK ports on
# the same link, so that the kernel ignores their frames.
VETH_DPDK_ADDRESSES = (IPv4Interface("198.18.1.1/24"), IPv4Interface("198.18.1.2/24"))
VETH_KERNEL_ADDRESSES = (IPv4Interface("198.18.2.1/24"), IPv4Interface("198.18.2.2/24"))
VHOST_ADDRESSES = (IPv4Interface("198.18.3.1/24"), IPv4Interface("198.18.3.2/24"))
JUMBO_MTU = 9000
AERON_MTU_OF_JUMBO = 8192
# Without Aeron's own header: five messages of 1,344 bytes, each with a header of 32, fill a frame.
JUMBO_FRAME_PAYLOAD = 5 * (32 + 1344) - 32
FLOOR = ("bench.floor_process",)
TOUCHING_FLOOR = (*FLOOR, "--touch")
VETH_MTU = 1500  # with a greater MTU the kernel refuses XDP programs


def dpdk_over_veth(driver: str, ends: tuple[VethEnd, VethEnd]) -> MeasuredPath:
    """`driver` is af_xdp or af_packet. Preferred busy polling is meant for a NIC's interrupts: on veth the
    sender's own system call hands a frame over, and polling for it in addition costs a twentieth.
    """
    options = ",busy_budget=0" if driver == "af_xdp" else ""
    server, client = (
        End(address, f"net_{driver}0,iface={end.interface}{options}", end.namespace)
        for end, address in zip(ends, VETH_DPDK_ADDRESSES, strict=True)
    )
    return MeasuredPath(driver, f"DPDK, {driver} on veth", server, client)


def kernel_over_veth(ends: tuple[VethEnd, VethEnd]) -> MeasuredPath:
    server, client = (End(end.address, namespace=end.namespace) for end in ends)
    return MeasuredPath("kernel_veth", "kernel UDP, veth", server, client)


def floor_of(path: MeasuredPath) -> MeasuredPath:
    """The same link without Aeron."""
    return replace(path, name=f"{path.name}_floor", title=f"{path.title}, no Aeron", program=FLOOR)


def touching_floor_of(path: MeasuredPath) -> MeasuredPath:
    """The least work that carries a payload: each one is written at one end and read at the other."""
    return replace(
        path,
        name=f"{path.name}_touching_floor",
        title=f"{path.title}, no Aeron, payload touched",
        program=TOUCHING_FLOOR,
    )


def vhost_user() -> MeasuredPath:
    """The only link between two processes that carries jumbo frames on DPDK 22.11: memif and af_packet
    report 1,518 bytes, af_xdp 3,542."""
    server, client = VHOST_ADDRESSES
    return MeasuredPath(
        "vhost",
        "DPDK, vhost-user",
        End(server, "net_vhost0,iface={directory}/vhost.sock,queues=1"),
        End(client, "net_virtio_user0,path={directory}/vhost.sock,queues=1,packed_vq=1"),
    )


def jumbo(path: MeasuredPath) -> MeasuredPath:
    """Aeron's MTU of 8 KiB over the same link; a DPDK port's own MTU is set to fit that."""
    return replace(
        path,
        name=f"{path.name}_8k",
        title=f"{path.title}, 8 KiB MTU",
        aeron_mtu=AERON_MTU_OF_JUMBO,
        port_mtu=None if path.client.vdev is None else JUMBO_MTU,
    )
