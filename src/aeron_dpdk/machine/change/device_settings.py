"""Giving a device back what `ethtool` had set on it."""

from collections.abc import Iterable
from contextlib import suppress

from pyroute2.ethtool import Ethtool
from pyroute2.ethtool.ioctl import EthtoolError

from aeron_dpdk.machine.facts.device_settings import Setting, read_device_settings


def restore_device_settings(interface: str, wanted: Iterable[Setting]) -> None:
    """Only what differs. Raises OSError, with the names of what the driver does not take."""
    wanted = tuple(wanted)
    groups: dict[str, dict[str, int]] = {}
    for setting, value in _different(interface, wanted):
        group, _, name = setting.partition(" ")
        groups.setdefault(group, {})[name] = value
    writers = {
        "channels": _set_channels,
        "ring": _set_rings,
        "coalesce": _set_coalescing,
        "feature": _set_features,
    }
    with Ethtool() as ethtool:
        for group, write in writers.items():
            if group in groups:
                # What it refused is found below, with what it took and did not do.
                with suppress(EthtoolError, OSError):
                    write(ethtool, interface, groups[group])
    if remains := _different(interface, wanted):
        shown = ", ".join(f"{setting} {value}" for setting, value in remains)
        raise OSError(f"{interface} does not take back by ethtool: {shown}")


def _different(interface: str, wanted: tuple[Setting, ...]) -> tuple[Setting, ...]:
    present = dict(read_device_settings(interface)) if wanted else {}
    return tuple((setting, value) for setting, value in wanted if present.get(setting) != value)


def _set_channels(ethtool: Ethtool, interface: str, values: dict[str, int]) -> None:
    ethtool.set_channels(interface, values)


def _set_rings(ethtool: Ethtool, interface: str, values: dict[str, int]) -> None:
    ethtool.set_rings(interface, with_netlink=False, **values)


def _set_coalescing(ethtool: Ethtool, interface: str, values: dict[str, int]) -> None:
    ethtool.set_coalesce(interface, values)


def _set_features(ethtool: Ethtool, interface: str, values: dict[str, int]) -> None:
    features = ethtool.get_features(interface)
    for name, value in values.items():
        features.features[name].enable = bool(value)
    ethtool.set_features(interface, features)
