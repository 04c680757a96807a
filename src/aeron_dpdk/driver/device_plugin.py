"""The NICs that Kubernetes gave to the container: the SR-IOV network device plugin puts PCI addresses into
PCIDEVICE_RESOURCE, separated by commas (its README), and facts about them into PCIDEVICE_RESOURCE_INFO.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aeron_dpdk.driver.eal_arguments import DEVICE_OPTIONS, option_names
from aeron_dpdk.driver.saved_address import bus_order
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.errors import SettingConflictError, SettingValueError

PREFIX = "PCIDEVICE_"
INFO = "_INFO"
PCI_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]")


@dataclass(frozen=True, slots=True)
class GivenDevice:
    """`variable` is the name of the variable that lists it."""

    address: str
    variable: str


def given_devices(environment: Mapping[str, str], eal_arguments: Sequence[str]) -> tuple[GivenDevice, ...]:
    """In the order of the variables' names, and within each in its own order; none if EAL arguments choose
    devices. Raises SettingValueError."""
    if option_names(eal_arguments) & DEVICE_OPTIONS:
        return ()
    given: dict[str, str] = {}
    for name, value in _resources(environment):
        for address in _addresses(name, value):
            given.setdefault(address, name)
    return tuple(GivenDevice(address, name) for address, name in given.items())


def port_ids(given: Sequence[GivenDevice]) -> tuple[int, ...]:
    """DPDK's port number of each device, if it gets only these: DPDK numbers them in the order of the bus."""
    along = sorted((each.address for each in given), key=bus_order)
    return tuple(along.index(each.address) for each in given)


def check_each_has_an_interface(given: Sequence[GivenDevice], settings: Settings) -> None:
    """Raises SettingConflictError if not: with several NICs, one without settings has probably been
    forgotten."""
    ports = len({each.port_id for each in settings.interfaces})
    if len(given) > 1 and len(given) != ports:
        shown = ", ".join(f"{each.address} ({each.variable})" for each in given)
        raise SettingConflictError(
            f"the environment gives {len(given)} NICs, {shown}, and settings are of "
            f"{ports} port{'s'[: ports - 1]}",
            "set an address for each (AERON_DPDK_LOCAL_IPV4_ADDRESS, AERON_DPDK_1_LOCAL_IPV4_ADDRESS), "
            "name the NICs to take with -a ADDRESS, or request as many devices as interfaces",
        )


def _resources(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in sorted(environment.items())
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
