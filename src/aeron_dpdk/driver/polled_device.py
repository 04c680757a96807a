"""ENA on uio_pci_generic, which has no interrupts: DPDK is told to poll the admin queue."""

from collections.abc import Sequence

from aeron_dpdk.driver.device_plugin import DEVICE_OPTIONS
from aeron_dpdk.driver.eal_arguments import option_names
from aeron_dpdk.driver.saved_address import allowed_devices
from aeron_dpdk.machine.facts.nics import AMAZON, DEVICES, DPDK_DRIVERS
from aeron_dpdk.machine.plan.choice import ENA_POLL_ARGUMENT
from aeron_dpdk.machine.tree import Tree

WITHOUT_INTERRUPTS = "uio_pci_generic"


def with_polling(tree: Tree, eal_arguments: Sequence[str]) -> tuple[str, ...]:
    """The EAL arguments, with the device argument for polling in each -a of such a NIC. If there is such a
    NIC, and no option chooses devices, -a is added for all NICs that DPDK would find."""
    drivers = {address: tree.link_name(f"{DEVICES}/{address}/driver") for address in tree.names(DEVICES)}
    polled = frozenset(
        address
        for address, driver in drivers.items()
        if driver == WITHOUT_INTERRUPTS and tree.number(f"{DEVICES}/{address}/vendor") == AMAZON
    )
    arguments = list(eal_arguments)
    if polled and not option_names(arguments) & DEVICE_OPTIONS:
        arguments += [f"-a{address}" for address, driver in drivers.items() if driver in DPDK_DRIVERS]
    return tuple(_completed(argument, polled) for argument in arguments)


def _completed(argument: str, polled: frozenset[str]) -> str:
    is_meant = polled.intersection(allowed_devices((argument,)))
    has_it = ENA_POLL_ARGUMENT.partition("=")[0] in argument
    return f"{argument},{ENA_POLL_ARGUMENT}" if is_meant and not has_it else argument
