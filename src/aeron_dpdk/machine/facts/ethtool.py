"""A device's settings that `ethtool` shows and sets (linux/ethtool.h). They are lost when a kernel driver
binds the device again. Requests that pyroute2 lacks are made here; they raise OSError if the driver does not
offer them.
"""

import ctypes
import fcntl
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from pyroute2.ethtool import Ethtool
from pyroute2.ethtool.ioctl import EthtoolError, IoctlEthtool

VALUE = struct.Struct("=II")  # ethtool_value
RSS = struct.Struct("=4I4BI")  # ethtool_rxfh: request, context, lengths of table and key, hash function
_RULES = struct.Struct("=IIQ168xI4x")  # ethtool_rxnfc
_SIOCETHTOOL = 0x8946
_GET_PRIVATE_FLAGS, _GET_RULE_COUNT, _GET_RSS = 0x27, 0x2E, 0x46
_PRIVATE_FLAGS = 2  # ETH_SS_PRIV_FLAGS


@dataclass(frozen=True, slots=True)
class Rss:
    """`table` names a queue for each value of the hash's last bits."""

    function: int
    table: tuple[int, ...]
    key: bytes


def request(interface: str, asked: bytes, number: int = _SIOCETHTOOL) -> bytes:
    """Returns the bytes as the driver has filled them in. `number` is that of the ioctl."""
    buffer = ctypes.create_string_buffer(asked, len(asked))
    ifreq = struct.pack("16sP16x", interface.encode(), ctypes.addressof(buffer))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, number, ifreq)
    return buffer.raw


def read_private_flags(interface: str) -> dict[str, bool]:
    with closing(IoctlEthtool(interface)) as ethtool:
        if not ethtool.get_stringset_length(_PRIVATE_FLAGS):
            return {}
        names = ethtool.get_stringset(_PRIVATE_FLAGS)
    _, bits = VALUE.unpack(request(interface, VALUE.pack(_GET_PRIVATE_FLAGS, 0)))
    return {name: bool(bits >> place & 1) for place, name in enumerate(names)}


def read_rss(interface: str) -> Rss:
    """Two requests: one for the lengths, one for table and key."""
    found = request(interface, RSS.pack(_GET_RSS, *[0] * 8))
    _, _, entries, key_length, *_ = RSS.unpack(found)
    head = RSS.pack(_GET_RSS, 0, entries, key_length, *[0] * 5)
    found = request(interface, head + bytes(4 * entries + key_length))
    table = struct.unpack_from(f"={entries}I", found, RSS.size)
    return Rss(RSS.unpack_from(found)[4], table, found[RSS.size + 4 * entries :])


def count_steering_rules(interface: str) -> int:
    return int(_RULES.unpack(request(interface, _RULES.pack(_GET_RULE_COUNT, 0, 0, 0)))[3])


GET_TIME_STAMPING, SET_TIME_STAMPING = 0x89B1, 0x89B0  # SIOCGHWTSTAMP, SIOCSHWTSTAMP
TIME_STAMPING = struct.Struct("=3I")  # hwtstamp_config: flags, transmit type, receive filter
_U32 = (3, 4)  # ETHTOOL_TUNABLE_U32 and its length
_RXNFC_WORDS = 46  # of ethtool_rxnfc, behind the type of flow
_SECURE_ON = 1 << 6  # WAKE_MAGICSECURE


@dataclass(frozen=True, slots=True)
class Words:
    """`fixed` are the words behind the request's number, which say what is asked for. `names` are those
    behind them; None for a word that can only be read."""

    group: str
    get: int
    set: int
    names: tuple[str | None, ...]
    fixed: tuple[int, ...] = ()

    def read(self, interface: str) -> dict[str, int]:
        """Raises OSError where the driver does not offer it."""
        found = request(interface, self.pack(self.get, {}))
        values = struct.unpack(f"={len(found) // 4}I", found)[1 + len(self.fixed) :]
        return {name: value for name, value in zip(self.names, values, strict=True) if name}

    def pack(self, number: int, values: Mapping[str, int]) -> bytes:
        own = [values.get(name, 0) if name else 0 for name in self.names]
        return struct.pack(f"={1 + len(self.fixed) + len(own)}I", number, *self.fixed, *own)


def _flow_hash(name: str, kind: int) -> Words:
    return Words("flow-hash", 0x29, 0x2A, (name, *[None] * (_RXNFC_WORDS - 1)), (kind,))


WAKE_ON_LAN = Words("wake-on-lan", 0x05, 0x06, (None, "modes", None, None))
WORDS = (
    WAKE_ON_LAN,
    Words("message", 0x07, 0x08, ("level",)),
    Words("pause", 0x12, 0x13, ("autoneg", "rx", "tx")),
    Words("eee", 0x44, 0x45, (None, "advertised", None, None, "enabled", "tx-lpi", "timer", None, None)),
    Words("fec", 0x50, 0x51, (None, "modes", None)),
    Words("tunable", 0x48, 0x49, ("rx-copybreak",), (1, *_U32)),
    Words("tunable", 0x48, 0x49, ("tx-copybreak",), (2, *_U32)),
    *(
        _flow_hash(name, kind)
        for name, kind in {"tcp4": 1, "udp4": 2, "sctp4": 3, "tcp6": 5, "udp6": 6, "sctp6": 7}.items()
    ),
)


def read_words(interface: str) -> Iterator[tuple[str, int]]:
    """Those that the driver offers: group with name, and value."""
    for words in WORDS:
        with suppress(OSError):
            for name, value in words.read(interface).items():
                yield f"{words.group} {name}", value


def read_time_stamping(interface: str) -> dict[str, int]:
    """Raises OSError where the driver has none."""
    _, tx, rx = TIME_STAMPING.unpack(request(interface, bytes(TIME_STAMPING.size), GET_TIME_STAMPING))
    return {"tx": tx, "rx": rx}


def has_secure_on(interface: str) -> bool:
    """Whether Wake-on-LAN has a password, which must not be kept in a file."""
    try:
        return bool(WAKE_ON_LAN.read(interface)["modes"] & _SECURE_ON)
    except OSError:
        return False


# Request, speed, duplex, port, PHY address, autonegotiation, MDIO, MDI-X seen and wanted, words in a mask.
_HEAD = struct.Struct("=2I7Bb32x")
_GET, _SET = 0x4C, 0x4D
_AUTONEGOTIATION = 1 << 6  # ETHTOOL_LINK_MODE_Autoneg_BIT
_UNKNOWN_SPEED = (0, 0xFFFF, 0xFFFFFFFF)
_UNKNOWN_DUPLEX = 0xFF


@dataclass(frozen=True, slots=True)
class LinkMode:
    """`advertised` is None if nothing is negotiated; `speed` and `duplex` if they are not fixed, or the
    driver does not say. `mdix` is 0 where there is no choice."""

    can_negotiate: bool
    advertised: tuple[int, ...] | None = None
    speed: int | None = None
    duplex: int | None = None
    mdix: int = 0

    @property
    def is_unknown(self) -> bool:
        """Drivers report a fixed speed only while the link is up."""
        return self.can_negotiate and self.advertised is None and self.speed is None

    def settings(self) -> Iterator[tuple[str, int | str]]:
        if self.mdix:
            yield "link mdix", self.mdix
        if not self.can_negotiate:
            return
        if self.advertised is not None:
            yield "link advertised", " ".join(f"{word:08x}" for word in self.advertised)
        elif self.speed is not None and self.duplex is not None:
            yield "link speed", self.speed
            yield "link duplex", self.duplex


def read_link_mode(interface: str) -> LinkMode:
    """Raises OSError where the driver has none."""
    raw = _read(interface)
    _, speed, duplex, _, _, autonegotiation, _, _, mdix, words = _HEAD.unpack_from(raw)
    supported, advertised, _ = (
        struct.unpack_from(f"={words}I", raw, _HEAD.size + 4 * words * place) for place in range(3)
    )
    can_negotiate = bool(supported[0] & _AUTONEGOTIATION)
    if autonegotiation or advertised[0] & _AUTONEGOTIATION:
        return LinkMode(can_negotiate, advertised=advertised, mdix=mdix)
    if speed in _UNKNOWN_SPEED or duplex == _UNKNOWN_DUPLEX:
        return LinkMode(can_negotiate, mdix=mdix)
    return LinkMode(can_negotiate, speed=speed, duplex=duplex, mdix=mdix)


def _read(interface: str) -> bytearray:
    """Asks twice: first for the number of words in a mask, which the kernel returns as a negative number,
    then for everything."""
    words = -_HEAD.unpack(request(interface, _HEAD.pack(_GET, *[0] * 9)))[-1]
    asked = _HEAD.pack(_GET, *[0] * 8, words) + bytes(3 * 4 * words)
    return bytearray(request(interface, asked))


def link_mode_request(interface: str, wanted: dict[str, int | str]) -> bytes:
    """The request that sets the link so, and leaves all else as it is. Raises OSError."""
    raw = _read(interface)
    _, speed, duplex, port, phy, autonegotiation, mdio, seen, mdix, words = _HEAD.unpack_from(raw)
    if "advertised" in wanted:
        masks = [int(word, 16) for word in str(wanted["advertised"]).split()][:words]
        struct.pack_into(f"={len(masks)}I", raw, _HEAD.size + 4 * words, *masks)
        autonegotiation = 1
    if "speed" in wanted or "duplex" in wanted:
        speed, duplex = int(wanted.get("speed", speed)), int(wanted.get("duplex", duplex))
        autonegotiation = 0
    mdix = int(wanted.get("mdix", mdix))
    _HEAD.pack_into(raw, 0, _SET, speed, duplex, port, phy, autonegotiation, mdio, seen, mdix, words)
    return bytes(raw)


Value = int | str
Setting = tuple[str, Value]
"""Group with name, such as `feature rx-checksum`, and the value: 0 for off, 1 for on. The table and the key
of RSS, and what a link advertises, are text."""

# Groups that read back as they were set only once the link is up; in the order in which they must be set.
BY_LINK = ("link", "pause")
RINGS = ("rx", "rx_mini", "rx_jumbo", "tx")
CHANNELS = ("rx_count", "tx_count", "other_count", "combined_count")
# Settings that a driver changes by itself in adaptive mode, by the switch of that mode.
ADAPTIVE = {"use_adaptive_rx_coalesce": "rx_", "use_adaptive_tx_coalesce": "tx_"}
_NOT_OFFERED = (EthtoolError, OSError)


def group_of(setting: Setting) -> str:
    return setting[0].partition(" ")[0]


def read_device_settings(interface: str) -> tuple[Setting, ...]:
    """Those that the driver offers, always in the same order."""
    with Ethtool() as ethtool:
        groups = (_features, _rings, _channels, _coalescing, _private_flags, _rss, _link, _stamps, _words)
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
    yield from _all_of("ring", ((name, getattr(rings, name)) for name in RINGS))


def _channels(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    channels = ethtool.get_channels(interface)
    yield from _all_of("channels", ((name, getattr(channels, name)) for name in CHANNELS))


def _coalescing(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    found = ethtool.get_coalesce(interface)
    moved = tuple(prefix for switch, prefix in ADAPTIVE.items() if found[switch])
    kept = ((name, value) for name, value in found.items() if name != "cmd" and not name.startswith(moved))
    yield from _all_of("coalesce", kept)


def _private_flags(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    for name, is_set in read_private_flags(interface).items():
        yield f"private-flag {name}", int(is_set)


def _rss(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    found = read_rss(interface)
    values: dict[str, Value] = {
        "function": found.function,
        "table": " ".join(str(queue) for queue in found.table),
        "key": found.key.hex(":"),
    }
    yield from ((f"rss {name}", value) for name, value in values.items() if value)


def _link(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    return read_link_mode(interface).settings()


def _stamps(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    yield from _all_of("time-stamping", read_time_stamping(interface).items())


def _words(ethtool: Ethtool, interface: str) -> Iterator[Setting]:
    return read_words(interface)


def _all_of(group: str, values: Iterable[tuple[str, int | None]]) -> Iterator[Setting]:
    """Values of 0 are kept: 0 turns many settings off, and one that the device lacks always reads as 0."""
    for name, value in values:
        if value is not None:
            yield f"{group} {name}", int(value)
