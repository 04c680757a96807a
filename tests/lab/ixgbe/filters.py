"""Which frames are received, and into which queue: MAC and VLAN filters, 5-tuples, flow director, RSS.

Order of the last three: 82599 datasheet 7.1.2, "Rx queues assignment".
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.packet import TCP, UDP, Headers

Registers = Mapping[int, int]

RSS_IPV4_TCP, RSS_IPV4, RSS_IPV4_UDP = 1 << 16, 1 << 17, 1 << 22
RSS_TYPE = {RSS_IPV4_TCP: 1, RSS_IPV4: 2, RSS_IPV4_UDP: 7}
"""As the descriptor says what was hashed."""

FILTER_PROTOCOL = {0: TCP, 1: UDP}
FLOW_PROTOCOL = {1: UDP, 2: TCP}
BROADCAST = b"\xff" * 6


def takes(frame: bytes, headers: Headers, registers: Registers) -> bool:
    """The filters of layer 2."""
    return _takes_address(frame[:6], registers) and _takes_vlan(headers, registers)


def _takes_address(destination: bytes, registers: Registers) -> bool:
    control = registers.get(r.FCTRL, 0)
    if destination == BROADCAST:
        return bool(control & r.FCTRL_BROADCAST)
    if destination[0] & 1:
        return bool(control & r.FCTRL_MULTICAST_ALL) or _in_multicast_table(destination, registers)
    return bool(control & r.FCTRL_UNICAST_ALL) or _is_receive_address(destination, registers)


def _is_receive_address(destination: bytes, registers: Registers) -> bool:
    low, high = struct.unpack("<IH", destination)
    for index in range(r.RECEIVE_ADDRESSES):
        address = r.receive_address(index)
        upper = registers.get(address + 4, 0)
        if upper & r.RAH_VALID and upper & 0xFFFF == high and registers.get(address, 0) == low:
            return True
    return False


def _in_multicast_table(destination: bytes, registers: Registers) -> bool:
    control = registers.get(r.MCSTCTRL, 0)
    if not control & r.MCSTCTRL_ENABLE:
        return False
    # Bits 47-36, 46-35, 45-34 or 43-32 of the address (ixgbe_common.c, ixgbe_mta_vector).
    shift = (4, 3, 2, 0)[control & 3]
    vector = (destination[4] | destination[5] << 8) >> shift & 0xFFF
    return bool(registers.get(r.MTA + 4 * (vector >> 5), 0) >> (vector & 31) & 1)


def _takes_vlan(headers: Headers, registers: Registers) -> bool:
    if headers.vlan is None or not registers.get(r.VLNCTRL, 0) & r.VLNCTRL_FILTER:
        return True
    tag = headers.vlan & 0xFFF
    return bool(registers.get(r.VFTA + 4 * (tag >> 5), 0) >> (tag & 31) & 1)


# ---- 5-tuple filters ----


def five_tuple_queue(frame: bytes, headers: Headers, registers: Registers) -> int | None:
    """The queue of the matching filter with the highest priority."""
    if not headers.ipv4:
        return None
    found = [
        (registers[r.FTQF + 4 * index] >> 2 & 7, -index)
        for index in range(128)
        if registers.get(r.FTQF + 4 * index, 0) >> 31 and _matches(frame, headers, registers, 4 * index)
    ]
    if not found:
        return None
    index = -max(found)[1]
    return registers.get(r.L34T_IMIR + 4 * index, 0) >> 21 & 0x7F


def _matches(frame: bytes, headers: Headers, registers: Registers, offset: int) -> bool:
    """Addresses and ports are in network order in their registers. A set mask bit means "any"."""
    control = registers[r.FTQF + offset]
    ports = struct.pack("<I", registers.get(r.SDPQF + offset, 0))
    compared = (
        (headers.source, struct.pack("<I", registers.get(r.SAQF + offset, 0))),
        (headers.destination, struct.pack("<I", registers.get(r.DAQF + offset, 0))),
        (frame[headers.l4 : headers.l4 + 2] if headers.has_ports else b"", ports[:2]),
        (frame[headers.l4 + 2 : headers.l4 + 4] if headers.has_ports else b"", ports[2:]),
        (headers.protocol, FILTER_PROTOCOL.get(control & 3)),
    )
    any_of = control >> 25 & 0x1F
    return all(any_of >> bit & 1 or seen == wanted for bit, (seen, wanted) in enumerate(compared))


# ---- flow director ----


@dataclass(frozen=True, slots=True)
class Flow:
    """A perfect-match filter as FDIRCMD added it."""

    ports: int
    """FDIRPORT: destination in the upper half."""
    source: int
    destination: int
    protocol: int | None
    queue: int
    is_drop: bool


@dataclass
class FlowDirector:
    """Perfect filters, by the driver's key for them: hash and software index together (FDIRHASH)."""

    flows: dict[int, Flow] = field(default_factory=dict)

    def command(self, registers: Registers, command: int) -> int:
        """Carry out FDIRCMD; returns the value that it reads as afterwards."""
        key = registers.get(r.FDIRHASH, 0)
        kind = command & 3
        if kind == 1:
            self.flows[key] = Flow(
                registers.get(r.FDIRPORT, 0),
                on_wire(registers, r.FDIRIPSA),
                on_wire(registers, r.FDIRIPDA),
                FLOW_PROTOCOL.get(command >> 5 & 3),
                command >> 16 & 0x7F,
                bool(command >> 9 & 1),
            )
        elif kind == 2:
            self.flows.pop(key, None)
        elif kind == 3:
            return command & ~7 | (4 if key in self.flows else 0)
        return command & ~3

    def match(self, headers: Headers, registers: Registers) -> Flow | None:
        if not headers.has_ports or not registers.get(r.FDIRCTRL, 0) & r.FDIRCTRL_PERFECT:
            return None
        protocol_mask = r.FDIRUDPM if headers.protocol == UDP else r.FDIRTCPM
        ports_ignored = mirrored(registers.get(protocol_mask, 0))
        ports = headers.destination_port << 16 | headers.source_port
        source, destination = (int.from_bytes(each, "big") for each in (headers.source, headers.destination))
        source_ignored, destination_ignored = (
            on_wire(registers, each) for each in (r.FDIRSIP4M, r.FDIRDIP4M)
        )
        for flow in self.flows.values():
            if (
                flow.protocol in (None, headers.protocol)
                and not (flow.ports ^ ports) & ~ports_ignored & 0xFFFFFFFF
                and not (flow.source ^ source) & ~source_ignored & 0xFFFFFFFF
                and not (flow.destination ^ destination) & ~destination_ignored & 0xFFFFFFFF
            ):
                return flow
        return None


def on_wire(registers: Registers, address: int) -> int:
    """An IPv4 address or its mask, which are in network order in their registers."""
    return int.from_bytes(struct.pack("<I", registers.get(address, 0)), "big")


def mirrored(mask: int) -> int:
    """Each half of a port mask register has its bits reversed (ixgbe_get_fdirtcpm_82599)."""
    upper, lower = f"{mask >> 16:016b}", f"{mask & 0xFFFF:016b}"
    return int(upper[::-1], 2) << 16 | int(lower[::-1], 2)


# ---- RSS ----


def toeplitz(key: bytes, data: bytes) -> int:
    bits, window = int.from_bytes(key, "big"), 8 * len(key) - 32
    result = 0
    for index, byte in enumerate(data):
        for bit in range(8):
            if byte >> (7 - bit) & 1:
                result ^= bits >> (window - 8 * index - bit) & 0xFFFFFFFF
    return result


def rss(frame: bytes, headers: Headers, registers: Registers) -> tuple[int, int]:
    """The hash and its type for the descriptor; (0, 0) for a frame that is not hashed."""
    control = registers.get(r.MRQC, 0)
    if not headers.ipv4 or control & 0xF != 1:
        return 0, 0
    data = headers.source + headers.destination
    fields = {TCP: RSS_IPV4_TCP, UDP: RSS_IPV4_UDP}.get(headers.protocol, 0) if headers.has_ports else 0
    if control & fields:
        data += frame[headers.l4 : headers.l4 + 4]
    elif control & RSS_IPV4:
        fields = RSS_IPV4
    else:
        return 0, 0
    key = struct.pack("<10I", *(registers.get(r.RSSRK + 4 * index, 0) for index in range(10)))
    return toeplitz(key, data), RSS_TYPE[fields]


def redirection(value: int, registers: Registers) -> int:
    entry = value & 0x7F
    return registers.get(r.RETA + 4 * (entry >> 2), 0) >> 8 * (entry & 3) & 0xF
