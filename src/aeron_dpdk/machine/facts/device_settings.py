"""What `ethtool` sets on a device, and what a kernel driver that takes it anew knows nothing of."""

from collections.abc import Iterator, Mapping
from typing import Any

from pyroute2.ethtool import Ethtool
from pyroute2.ethtool.ioctl import EthtoolError

Setting = tuple[str, int]
"""Group and name, such as `feature rx-checksum`, and its value: 0 and 1 for off and on."""

RINGS = ("rx", "rx_mini", "rx_jumbo", "tx")
CHANNELS = ("rx_count", "tx_count", "other_count", "combined_count")
# What a driver in adaptive mode moves by itself, by the switch of that mode.
ADAPTIVE = {"use_adaptive_rx_coalesce": "rx_", "use_adaptive_tx_coalesce": "tx_"}
_NOT_OFFERED = (EthtoolError, OSError)


def read_device_settings(interface: str) -> tuple[Setting, ...]:
    """Those that the driver offers, in a lasting order."""
    with Ethtool() as ethtool:
        groups = (_features, _rings, _channels, _coalescing)
        return tuple(sorted(setting for read in groups for setting in _offered(read, ethtool, interface)))


def _offered(read: Any, ethtool: Ethtool, interface: str) -> tuple[Setting, ...]:
    try:
        return tuple(read(ethtool, interface))
    except _NOT_OFFERED:
        return ()


def _features(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    for feature in ethtool.get_features(interface).features.values():
        if feature.available:
            yield f"feature {feature.name}", int(feature.enable)


def _rings(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    rings = ethtool.get_rings(interface, with_netlink=False)
    yield from _present("ring", {name: getattr(rings, name) for name in RINGS})


def _channels(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    channels = ethtool.get_channels(interface)
    yield from _present("channels", {name: getattr(channels, name) for name in CHANNELS})


def _coalescing(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    found = ethtool.get_coalesce(interface)
    moved = tuple(prefix for switch, prefix in ADAPTIVE.items() if found[switch])
    kept = {name: value for name, value in found.items() if name != "cmd" and not name.startswith(moved)}
    yield from _present("coalesce", kept)


def _present(group: str, values: Mapping[str, int | None]) -> Iterator[Setting]:
    """A number that a device does not have reads as 0."""
    for name, value in values.items():
        if value:
            yield f"{group} {name}", int(value)
