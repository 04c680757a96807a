"""The paths that are compared: the same code and the same Aeron settings over different media."""

from dataclasses import dataclass
from ipaddress import IPv4Interface

# RFC 2544: addresses for benchmarks, never routed.
MEMIF_ADDRESSES = (IPv4Interface("198.18.0.1/24"), IPv4Interface("198.18.0.2/24"))
LOOPBACK = IPv4Interface("127.0.0.1/8")


@dataclass(frozen=True, slots=True)
class End:
    """One side. `vdev` None means kernel sockets; {directory} in it stands for the round's directory."""

    address: IPv4Interface
    vdev: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class MeasuredPath:
    """`program` is the module, with options, that either side runs with its LoadJob. `aeron_mtu` None is
    Aeron's default, `port_mtu` None the device's."""

    name: str
    title: str
    server: End
    client: End
    program: tuple[str, ...] = ("aeron_dpdk.tools.measure.load_process",)
    aeron_mtu: int | None = None
    port_mtu: int | None = None


def memif(has_huge_pages: bool) -> MeasuredPath:
    """The client uses zero-copy if there are huge pages: it shares its mbufs, for which the pages must be
    backed by a file."""
    common = "net_memif0,role={role},socket={{directory}}/memif.sock,socket-abstract=no"
    zero_copy = ",zero-copy=yes" if has_huge_pages else ""
    server, client = MEMIF_ADDRESSES
    return MeasuredPath(
        "memif",
        "DPDK, memif",
        End(server, common.format(role="server")),
        End(client, common.format(role="client") + zero_copy),
    )


def kernel_loopback() -> MeasuredPath:
    return MeasuredPath("kernel_lo", "kernel UDP, loopback", End(LOOPBACK), End(LOOPBACK))
