"""The NIC that Kubernetes gave to the container: the SR-IOV network device plugin puts PCI addresses into
PCIDEVICE_RESOURCE, separated by commas (its README), and facts about them into PCIDEVICE_RESOURCE_INFO.
"""

import re
from collections.abc import Mapping, Sequence

from aeron_dpdk.driver.eal_arguments import option_names
from aeron_dpdk.errors import SettingConflictError, SettingValueError

PREFIX = "PCIDEVICE_"
INFO = "_INFO"
PCI_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]")
# With any of these the user has said which devices DPDK shall take.
DEVICE_OPTIONS = frozenset({"-a", "--allow", "-b", "--block", "--no-pci", "--vdev"})


def with_given_device(environment: Mapping[str, str], eal_arguments: Sequence[str]) -> tuple[str, ...]:
    """The EAL arguments, with -a for the NIC that the environment names, unless they choose devices
    themselves. Raises SettingValueError and SettingConflictError."""
    if option_names(eal_arguments) & DEVICE_OPTIONS:
        return tuple(eal_arguments)
    given = {address: name for name, value in _resources(environment) for address in _addresses(name, value)}
    if len(given) > 1:
        shown = ", ".join(f"{address} ({name})" for address, name in sorted(given.items()))
        raise SettingConflictError(
            f"the environment gives {len(given)} NICs, {shown}, and a driver has one",
            "name one with -a ADDRESS, or request one device for this container",
        )
    return (*eal_arguments, *(f"-a{address}" for address in given))


def _resources(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in environment.items()
        if name.startswith(PREFIX) and not name.endswith(INFO) and value
    ]


def _addresses(name: str, value: str) -> list[str]:
    addresses = [each.strip().lower() for each in value.split(",")]
    if not all(PCI_ADDRESS.fullmatch(each) for each in addresses):
        raise SettingValueError(
            name,
            value,
            "environment",
            "PCI addresses such as 0000:81:00.1, or unset, with -a to choose a NIC",
        )
    return addresses
