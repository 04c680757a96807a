"""The addresses of the NICs that `aeron-dpdk setup` took from the kernel, for a driver that is given none."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from aeron_dpdk.driver.eal_arguments import allowed_devices, option_names
from aeron_dpdk.driver.interface_settings import IPV6_MIN_MTU
from aeron_dpdk.driver.setting_table import MAX_INTERFACES, SHARES
from aeron_dpdk.driver.setting_values import MAX_IPV6_ADDRESSES, LocalAddress
from aeron_dpdk.machine.facts.saved_nic import SavedAddress, SavedNic
from aeron_dpdk.seam import Vlan


def values_of(
    saved: Iterable[SavedNic], eal_arguments: Sequence[str], found: Sequence[str] = ()
) -> tuple[dict[str, Any], ...]:
    """Fields of `InterfaceSettings` for each interface in turn: its addresses with prefix, its gateways, its
    MTU; and SHARES, for the further interfaces of a NIC: the number of its first. Uses the NICs that -a
    names, or otherwise all; none if PCI is not to be used. `found` are the PCI addresses of the NICs that
    DPDK finds if no option chooses: they tell the port number of each."""
    if option_names(eal_arguments) & {"--no-pci", "--vdev"}:
        return ()
    allowed = frozenset(allowed_devices(eal_arguments))
    nics = sorted(
        (nic for nic in saved if nic.addresses and (not allowed or nic.address in allowed)),
        key=lambda each: bus_order(each.address),
    )
    ports = sorted(allowed or {*found, *(nic.address for nic in nics)}, key=bus_order)
    firsts = [_values(nic.addresses[0]) for nic in nics]
    if len(nics) > 1:
        firsts = [
            {**values, "port_id": ports.index(nic.address)} for nic, values in zip(nics, firsts, strict=True)
        ]
    # After the first ones of all NICs, so that each of those has the number of its NIC.
    others = (
        {**_values(each), SHARES: number} for number, nic in enumerate(nics) for each in nic.addresses[1:]
    )
    return (*firsts, *others)[:MAX_INTERFACES]


def bus_order(address: str) -> tuple[int, ...]:
    """DPDK's pci_common.c (rte_pci_add_device) keeps devices in the order of their addresses."""
    return tuple(int(part, 16) for part in re.split("[:.]", address))


def _values(saved: SavedAddress) -> dict[str, Any]:
    own, ipv6 = saved.own, saved.ipv6
    values: dict[str, Any] = {
        "local_ipv4_address": LocalAddress(saved.ipv4.ip, saved.ipv4.network.prefixlen),
        "gateway_ipv4_address": saved.gateway,
        "mtu": own.mtu,
        "vlan": Vlan(own.vlan, own.vlan_priority) if own.vlan else None,
    }
    if ipv6 and own.mtu >= IPV6_MIN_MTU:
        values["local_ipv6_address"] = ipv6[:MAX_IPV6_ADDRESSES]
        values["gateway_ipv6_address"] = saved.gateway6
        values["has_saved_ipv6"] = True
    return {name: value for name, value in values.items() if value is not None}
