"""A NIC's driver, and what the kernel's network stack has set on it."""

import errno
import os
from dataclasses import asdict, dataclass, replace

from aeron_dpdk.machine.change.resources import Resource, State
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.ethtool import BY_LINK, group_of
from aeron_dpdk.machine.facts.interface import KernelInterface
from aeron_dpdk.machine.facts.nics import DEVICES, DPDK_DRIVERS, interface_names
from aeron_dpdk.machine.facts.saved_nic import interface_from

DRIVERS = "/sys/bus/pci/drivers"
PROBE = "/sys/bus/pci/drivers_probe"
PROBE_S = 10.0
RENAME_S = 3.0
_NO_OVERRIDE = "(null)"


@dataclass(frozen=True, slots=True)
class PciBinding(Resource):
    """State: driver and driver_override, each of which may be None."""

    kind = "pci-binding"
    is_left_to_others = False

    def read(self, system: System) -> State:
        directory = f"{DEVICES}/{self.target}"
        if not system.exists(directory):
            return None
        override = system.text(f"{directory}/driver_override")
        return {
            "driver": system.link_name(f"{directory}/driver"),
            "override": None if override in (None, "", _NO_OVERRIDE) else override,
        }

    def write(self, system: System, state: State) -> None:
        present = self.read(system)
        if present is None or state is None:
            raise OSError(errno.ENODEV, f"there is no PCI device {self.target}")
        wanted = state["driver"]
        directory = f"{DEVICES}/{self.target}"
        if present["driver"] not in (None, wanted):
            self._refuse_while_used(system)
            system.write_value(f"{DRIVERS}/{present['driver']}/unbind", self.target)
        system.write_value(f"{directory}/driver_override", f"{state['override'] or ''}\n")
        if wanted is None or wanted == present["driver"]:
            return
        system.write_value(PROBE, self.target)
        if not system.wait_for(lambda: self._is_bound(system), PROBE_S / 10):
            system.write_value(f"{DRIVERS}/{wanted}/bind", self.target)
        system.wait_for(lambda: system.link_name(f"{directory}/driver") == wanted, PROBE_S)

    def _is_bound(self, system: System) -> bool:
        return system.link_name(f"{DEVICES}/{self.target}/driver") is not None

    def _refuse_while_used(self, system: System) -> None:
        """The kernel would make us wait until the process closes the device, possibly for ever."""
        user = user_of(system, self.target)
        if user is not None:
            raise OSError(errno.EBUSY, f"{user} uses the device, stop it first")

    def name(self) -> str:
        return f"driver of {self.target}"

    def show(self, state: State) -> str:
        return "no device" if state is None else state["driver"] or "none"


def user_of(system: System, address: str) -> str | None:
    """The process that has the device file of this NIC open: its name and number."""
    group = system.link_name(f"{DEVICES}/{address}/iommu_group")
    files = {f"/dev/vfio/{group}", f"/dev/vfio/noiommu-{group}"} if group else set()
    files |= {f"/dev/{name}" for name in system.names(f"{DEVICES}/{address}/uio")}
    for process in system.names("/proc"):
        if process.isdecimal() and files & _open_files(system, process):
            return f"{system.text(f'/proc/{process}/comm')} ({process})"
    return None


def _open_files(system: System, process: str) -> frozenset[str]:
    directory = f"/proc/{process}/fd"
    found = set()
    for name in system.names(directory):
        try:
            found.add(os.readlink(system.path(f"{directory}/{name}")))
        except OSError:
            continue
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class NetworkConfiguration(Resource):
    """Of the interface of a PCI device. State: a `KernelInterface` as a dictionary, or None."""

    kind = "network"
    is_left_to_others = False
    is_always_kept = True

    def read(self, system: System) -> State:
        interface = self.interface(system)
        return None if interface is None else asdict(interface)

    def interface(self, system: System) -> KernelInterface | None:
        names = interface_names(system, self.target)
        found = system.network().get(names[0]) if names else None
        return None if found is None else replace(found, device_settings=system.device_settings(found.name))

    def write(self, system: System, state: State) -> None:
        if state is None:
            return
        wanted = interface_from(state)
        driver = system.link_name(f"{DEVICES}/{self.target}/driver")
        if driver in (None, *DPDK_DRIVERS):
            raise OSError(errno.ENODEV, f"{self.target} has no interface, its driver is {driver or 'none'}")
        if not system.wait_for(lambda: bool(interface_names(system, self.target)), PROBE_S):
            raise OSError(errno.ENODEV, f"no interface of {self.target} has come back within {PROBE_S:g} s")
        self._refuse_another(system, wanted)
        # udev may be about to rename it.
        system.wait_for(lambda: wanted.name in interface_names(system, self.target), RENAME_S)
        system.configure(interface_names(system, self.target)[0], wanted)

    def _refuse_another(self, system: System, wanted: KernelInterface) -> None:
        """Cards may have been moved: another one may be at this address."""
        present = self.interface(system)
        if present is not None and present.own_mac != wanted.own_mac:
            raise OSError(
                errno.EXDEV, f"{self.target} is another NIC now, {present.own_mac} and not {wanted.own_mac}"
            )

    def name(self) -> str:
        return f"network configuration of {self.target}"

    def show(self, state: State) -> str:
        if state is None:
            return "no interface"
        interface = interface_from(state)
        addresses = self._addresses_of(interface)
        routes = f", {len(interface.routes)} routes" if interface.routes else ""
        vlans = "".join(f"; {each.name} {self._addresses_of(each)}" for each in interface.vlans)
        return f"{interface.name} {'up' if interface.is_up else 'down'}, {addresses}{routes}{vlans}"

    @staticmethod
    def _addresses_of(interface: KernelInterface) -> str:
        return " ".join(address.cidr for address in interface.addresses) or "no address"

    def is_same(self, one: State, other: State) -> bool:
        present, wanted = _essence(one), _essence(other)
        if present is None or wanted is None:
            return present is wanted
        known = _names(present) & _names(wanted)
        if one["has_carrier"] != other["has_carrier"]:
            known = frozenset(name for name in known if group_of((name, "")) not in BY_LINK)
        return _with_settings(present, known) == _with_settings(wanted, known)


def _names(interface: KernelInterface) -> frozenset[str]:
    """The names of its device settings. A plan has none of them, and what an older release has saved lacks
    some."""
    return frozenset(name for name, _ in interface.device_settings)


def _with_settings(interface: KernelInterface, known: frozenset[str]) -> KernelInterface:
    kept = tuple(each for each in interface.device_settings if each[0] in known)
    return replace(interface, device_settings=kept)


def _essence(state: State) -> KernelInterface | None:
    """The interface without what changes by itself: carrier, remaining lifetimes, link-local addresses."""
    return None if state is None else _lasting(interface_from(state))


def _lasting(interface: KernelInterface) -> KernelInterface:
    lasting = tuple(replace(address, valid_s=None, preferred_s=None) for address in interface.addresses)
    return replace(
        interface,
        has_carrier=False,
        addresses=lasting,
        link_local=(),
        permanent_mac=None,
        beyond_saving=(),
        vlans=tuple(map(_lasting, interface.vlans)),
    )


def at_rest(interface: KernelInterface) -> State:
    """Down, in no bond or bridge, without addresses and VLANs: as it must be before it leaves the kernel."""
    return asdict(
        replace(
            interface,
            is_up=False,
            addresses=(),
            routes=(),
            link_local=(),
            neighbours=(),
            master=None,
            vlans=(),
        )
    )
