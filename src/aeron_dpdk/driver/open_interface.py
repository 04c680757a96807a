"""Makes a stack from the settings of each interface, on a port of its own or on one that it shares."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from logging import getLogger

from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.driver.aeron_settings import AeronSettings
from aeron_dpdk.driver.interface_settings import InterfaceSettings, names_of
from aeron_dpdk.driver.preflight import check_mtu
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.errors import PortError
from aeron_dpdk.machine.facts.cpus import kernel_trusts_tsc
from aeron_dpdk.seam import Parts, PortInfo, StackPart, StackSettings

LOG = getLogger("aeron_dpdk.driver")


@dataclass(frozen=True, slots=True)
class OpenInterface:
    settings: InterfaceSettings
    stack_settings: StackSettings
    stack: StackPart
    port: PortInfo
    ipv6: Ipv6Identity | None = None

    @property
    def name(self) -> str:
        return self.stack_settings.interface_name


def open_interfaces(
    settings: Settings, aeron: AeronSettings, parts: Parts, undo: ExitStack
) -> tuple[OpenInterface, ...]:
    """The stacks have their IPv6 addresses, which are still to be probed for: Aeron's name resolver binds as
    soon as it is made. Raises PortError, PortMemoryError and MtuError."""
    opened: list[OpenInterface] = []
    for own, name in zip(settings.interfaces, names_of(settings.interfaces), strict=True):
        wanted = _stack_settings(own, name, settings, aeron)
        stack = parts.stack(wanted, opened[0].stack if opened else None)
        undo.callback(stack.close)
        port = stack.port_info()
        check_mtu(aeron, port, own)
        opened.append(OpenInterface(own, wanted, stack, port))
    return tuple(replace(each, ipv6=_ipv6_identity(each)) for each in opened)


def _ipv6_identity(opened: OpenInterface) -> Ipv6Identity | None:
    """Raises PortError if IPv6 was requested and the device cannot do it."""
    settings, stack, port = opened.settings, opened.stack, opened.port
    if not settings.local_ipv6_address:
        return None
    identity = Ipv6Identity(port.mac, port.mtu, settings.local_ipv6_address, settings.gateway_ipv6_address)
    try:
        for each in identity.addresses:
            stack.have_address(each, is_usable=False)
    except PortError as error:
        if not settings.has_saved_ipv6:
            raise
        LOG.warning("starting without IPv6, although setup saved IPv6 addresses: %s", error.reason)
        return None
    return identity


def _stack_settings(
    own: InterfaceSettings, name: str, settings: Settings, aeron: AeronSettings
) -> StackSettings:
    on_port = [each for each in settings.interfaces if each.port_id == own.port_id]
    return StackSettings(
        local_address=own.local_ipv4_address.address,
        port_id=own.port_id,
        prefix_length=own.local_ipv4_address.prefix_length,
        gateway=own.gateway_ipv4_address,
        mtu=own.mtu,
        rx_queue_size=own.rx_queue_size,
        tx_queue_size=own.tx_queue_size,
        rx_mempool_cache_size=settings.rx_mempool_cache_size,
        tx_mempool_cache_size=settings.tx_mempool_cache_size,
        rx_mempool_ops=settings.rx_mempool_ops,
        tx_mempool_ops=settings.tx_mempool_ops,
        tx_mempool_per_queue=settings.tx_mempool_per_queue,
        threads_shared=aeron.threads_shared,
        trusts_tsc=kernel_trusts_tsc(),
        kernel_sockets=settings.kernel_sockets,
        fragments=settings.fragments,
        ipv6=bool(own.local_ipv6_address),
        vlan=own.vlan,
        name=name,
        sharers=tuple(each.vlan for each in on_port[1:]) if own is on_port[0] else (),
    )
