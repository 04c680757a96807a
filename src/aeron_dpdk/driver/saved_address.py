"""The addresses of the NICs that `aeron-dpdk setup` took from the kernel, for a driver that is given none."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from aeron_dpdk.driver.eal_arguments import option_names
from aeron_dpdk.driver.interface_settings import IPV6_MIN_MTU
from aeron_dpdk.driver.setting_table import MAX_INTERFACES
from aeron_dpdk.driver.setting_values import MAX_IPV6_ADDRESSES, LocalAddress
from aeron_dpdk.machine.facts.saved_nic import SavedNic
from aeron_dpdk.seam import Vlan

ALLOW = ("-a", "--allow=")


def values_of(
    saved: Iterable[SavedNic], eal_arguments: Sequence[str], found: Sequence[str] = ()
) -> tuple[dict[str, Any], ...]:
    """Fields of `InterfaceSettings`, of one interface after the other: own addresses with prefix, gateways,
    MTU. Of the NICs that -a names, or else of all; none where PCI is not to be used. `found`: where no option
    chooses, the PCI addresses of the NICs that DPDK finds, which says what port each is."""
    if option_names(eal_arguments) & {"--no-pci", "--vdev"}:
        return ()
    allowed = frozenset(allowed_devices(eal_arguments))
    nics = [nic for nic in saved if nic.ipv4 is not None and (not allowed or nic.address in allowed)]
    if len(nics) == 1:
        return (_values(nics[0]),)
    ports = sorted(allowed or {*found, *(nic.address for nic in nics)}, key=bus_order)
    return tuple(
        {**_values(nic), "port_id": ports.index(nic.address)}
        for nic in sorted(nics, key=lambda each: bus_order(each.address))[:MAX_INTERFACES]
    )


def bus_order(address: str) -> tuple[int, ...]:
    """DPDK's pci_common.c (rte_pci_add_device) keeps devices in the order of their addresses."""
    return tuple(int(part, 16) for part in re.split("[:.]", address))


def _values(nic: SavedNic) -> dict[str, Any]:
    assert nic.ipv4 is not None
    own = nic.addressed
    values: dict[str, Any] = {
        "local_ipv4_address": LocalAddress(nic.ipv4.ip, nic.ipv4.network.prefixlen),
        "gateway_ipv4_address": nic.gateway,
        "mtu": own.mtu,
        "vlan": Vlan(own.vlan, own.vlan_priority) if own.vlan else None,
    }
    if nic.ipv6 and own.mtu >= IPV6_MIN_MTU:
        values["local_ipv6_address"] = nic.ipv6[:MAX_IPV6_ADDRESSES]
        values["gateway_ipv6_address"] = nic.gateway6
        values["has_saved_ipv6"] = True
    return {name: value for name, value in values.items() if value is not None}


def allowed_devices(eal_arguments: Sequence[str]) -> Iterable[str]:
    """PCI addresses: -a 48:00.0,devargs to 0000:48:00.0."""
    for argument in eal_arguments:
        for start in ALLOW:
            if argument.startswith(start):
                address = argument.removeprefix(start).partition(",")[0]
                yield address if address.count(":") > 1 else f"0000:{address}"
