"""The address of a NIC that `aeron-dpdk setup` took from the kernel, for a driver that is given none."""

from collections.abc import Iterable, Sequence
from typing import Any

from aeron_dpdk.driver.eal_arguments import option_names
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.machine.facts.saved_nic import SavedNic

ALLOW = ("-a", "--allow=")


def values_of(saved: Iterable[SavedNic], eal_arguments: Sequence[str]) -> dict[str, Any]:
    """Fields of `Settings`: own address with prefix, gateway, MTU. Of the NIC that -a names, or else of the
    only one; empty where that leaves a choice, or where PCI is not to be used."""
    allowed = frozenset(allowed_devices(eal_arguments))
    found = [nic for nic in saved if nic.ipv4 is not None and (not allowed or nic.address in allowed)]
    if len(found) != 1 or option_names(eal_arguments) & {"--no-pci", "--vdev"}:
        return {}
    nic = found[0]
    assert nic.ipv4 is not None
    values = {
        "local_ipv4_address": LocalAddress(nic.ipv4.ip, nic.ipv4.network.prefixlen),
        "gateway_ipv4_address": nic.gateway,
        "mtu": nic.interface.mtu,
    }
    return {name: value for name, value in values.items() if value is not None}


def allowed_devices(eal_arguments: Sequence[str]) -> Iterable[str]:
    """PCI addresses: -a 48:00.0,devargs to 0000:48:00.0."""
    for argument in eal_arguments:
        for start in ALLOW:
            if argument.startswith(start):
                address = argument.removeprefix(start).partition(",")[0]
                yield address if address.count(":") > 1 else f"0000:{address}"
