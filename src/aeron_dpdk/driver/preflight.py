"""Checks before anything is opened, with clearer messages than the layers below would give."""

from collections.abc import Iterable, Sequence
from logging import getLogger

from aeron_dpdk.driver.aeron_settings import AeronSettings
from aeron_dpdk.driver.eal_arguments import uses_huge_pages
from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.errors import CommandLineError, MtuError, NoHugePagesError, SocketBufferError
from aeron_dpdk.machine.facts.memory import HugePagePool, any_available, reserve_command
from aeron_dpdk.machine.facts.session import SocketBuffers
from aeron_dpdk.seam import PortInfo

LOG = getLogger("aeron_dpdk.driver")

IPV4_AND_UDP_HEADER_LENGTH = 28
IPV6_AND_UDP_HEADER_LENGTH = 48


def check_process_type(eal_arguments: Sequence[str]) -> None:
    """Raises CommandLineError for a secondary process: the EAL would wait for a primary one, and not react to
    signals meanwhile."""
    for option, following in zip(eal_arguments, (*eal_arguments[1:], ""), strict=True):
        name, equals, joined = option.partition("=")
        process_type = joined if equals else following
        if name == "--proc-type" and process_type != "primary":
            raise CommandLineError(
                f"--proc-type={process_type} makes no driver, which is DPDK's primary process",
                "leave --proc-type out",
            )


def check_huge_pages(eal_arguments: Sequence[str], pools: Iterable[HugePagePool]) -> None:
    """Raises NoHugePagesError."""
    pools = tuple(pools)
    if uses_huge_pages(eal_arguments) and not any_available(pools):
        raise NoHugePagesError(reserve_command(pools))


def check_socket_buffers(aeron: AeronSettings, buffers: SocketBuffers) -> None:
    """Aeron's own check in aeron_driver_init(), which applies even if no kernel socket carries data. Raises
    SocketBufferError."""
    if aeron.mtu_length > buffers.sndbuf_length:
        raise SocketBufferError(
            setting="AERON_MTU_LENGTH",
            wanted_length=aeron.mtu_length,
            obtained_length=buffers.sndbuf_length,
            buffer_setting="AERON_SOCKET_SO_SNDBUF",
            sysctl="net.core.wmem_max",
            sysctl_value=buffers.wmem_max,
        )
    if aeron.initial_window_length > buffers.rcvbuf_length:
        raise SocketBufferError(
            setting="AERON_RCV_INITIAL_WINDOW_LENGTH",
            wanted_length=aeron.initial_window_length,
            obtained_length=buffers.rcvbuf_length,
            buffer_setting="AERON_SOCKET_SO_RCVBUF",
            sysctl="net.core.rmem_max",
            sysctl_value=buffers.rmem_max,
        )


def check_mtu(aeron: AeronSettings, port: PortInfo, own: InterfaceSettings) -> None:
    """Raises MtuError if a channel of default MTU does not fit its link, not even in fragments."""
    interface, setting = f"{port.name} ({own.local_ipv4_address.address})", own.name("MTU")
    header_length = IPV6_AND_UDP_HEADER_LENGTH if own.local_ipv6_address else IPV4_AND_UDP_HEADER_LENGTH
    if aeron.mtu_length > port.datagram_max:
        raise MtuError(
            aeron.mtu_length, port.mtu, IPV4_AND_UDP_HEADER_LENGTH, port.datagram_max, interface, setting
        )
    if aeron.mtu_length + header_length > port.mtu:
        LOG.warning(
            "AERON_MTU_LENGTH=%d does not fit the link's MTU of %d on %s: full datagrams go in fragments, "
            "which costs time; %s raises it",
            aeron.mtu_length,
            port.mtu,
            interface,
            setting,
        )
