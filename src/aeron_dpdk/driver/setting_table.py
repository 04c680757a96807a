"""All our settings: name, parser, default, and what each does. -h prints this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aeron_dpdk.driver.log_lines import log_format
from aeron_dpdk.driver.setting_values import (
    address,
    boolean,
    ipv6_address,
    kernel_sockets,
    local_address,
    local_ipv6_addresses,
    size,
    text,
    vlan,
    whole_number,
)

PREFIX = "AERON_DPDK_"
MAX_INTERFACES = 8
SHARES = "shares"
"""Key in saved values: the number of the interface whose port this one shares."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`field` is the attribute of `Settings`, or of `InterfaceSettings` if each interface has its own; that
    class has the actual default. `default` is for people."""

    field: str
    parse: Callable[[str], Any]
    default: str
    help: str
    is_per_interface: bool = False

    @property
    def name(self) -> str:
        return PREFIX + self.field.upper()

    def name_of(self, number: int) -> str:
        """The setting's name for interface `number`; without a number for the first one, 0."""
        return f"{PREFIX}{number}_{self.field.upper()}" if number else self.name


_descriptors = whole_number(1, 65535)
_cache_size = whole_number(0, 512)  # RTE_MEMPOOL_CACHE_MAX_SIZE
_port_id = whole_number(0, 1023)  # RTE_MAX_ETHPORTS is at most 1024

SETTING_TABLE = (
    Setting(
        "local_ipv4_address",
        local_address,
        "saved by setup",
        "own address of the port; a /prefix is allowed",
        is_per_interface=True,
    ),
    Setting(
        "gateway_ipv4_address",
        address,
        "none",
        "next hop off link; without a /prefix, for everything",
        is_per_interface=True,
    ),
    Setting(
        "local_ipv6_address",
        local_ipv6_addresses,
        "saved by setup, or no IPv6",
        "own IPv6 addresses, comma-separated; /64 without a /prefix",
        is_per_interface=True,
    ),
    Setting(
        "gateway_ipv6_address",
        ipv6_address,
        "from router advertisements",
        "next hop of IPv6 off link; a link-local address is allowed",
        is_per_interface=True,
    ),
    Setting("user", text, "stay", "as root: user to become once the port is open, by name or number"),
    Setting("group", text, "the user's", "as root: group to become once the port is open, by name or number"),
    Setting(
        "port_id",
        _port_id,
        "the interface's number",
        "which DPDK port, counted as the EAL found them",
        is_per_interface=True,
    ),
    Setting(
        "vlan",
        vlan,
        "saved by setup, or none",
        "802.1Q VLAN of all frames: 100, or 100:5 with priority 5",
        is_per_interface=True,
    ),
    Setting(
        "mtu",
        size(68, 65535),
        "the device's",
        "IPv4 MTU of the link in bytes; 8K is allowed",
        is_per_interface=True,
    ),
    Setting(
        "rx_queue_size",
        _descriptors,
        "the stack's",
        "receive descriptors, fitted to the device",
        is_per_interface=True,
    ),
    Setting(
        "tx_queue_size",
        _descriptors,
        "the stack's",
        "transmit descriptors, fitted to the device",
        is_per_interface=True,
    ),
    Setting("tx_mempool_per_queue", boolean, "false", "a mempool for each transmit queue, not one for all"),
    Setting("tx_mempool_ops", text, "DPDK's", "mempool operations for transmit, such as ring_mp_mc"),
    Setting("rx_mempool_ops", text, "DPDK's", "mempool operations for receive, such as ring_mp_mc"),
    Setting("tx_mempool_cache_size", _cache_size, "the stack's", "transmit mbufs cached for each thread"),
    Setting("rx_mempool_cache_size", _cache_size, "the stack's", "receive mbufs cached for each thread"),
    Setting("kernel_sockets", kernel_sockets, "loopback", "what the kernel carries: none, loopback or all"),
    Setting("fragments", boolean, "true", "datagrams longer than the link's MTU go and come in fragments"),
    Setting("threads_from_cgroup", boolean, "false", "pin main, conductor, sender, receiver to own CPU set"),
    Setting("log_format", log_format, "text, or journal under systemd", "of stderr: text, json or journal"),
)

INTERFACE_TABLE = tuple(each for each in SETTING_TABLE if each.is_per_interface)
DRIVER_TABLE = tuple(each for each in SETTING_TABLE if not each.is_per_interface)


def setting_names() -> frozenset[str]:
    """All of them, including those of every possible interface."""
    further = (each.name_of(number) for each in INTERFACE_TABLE for number in range(1, MAX_INTERFACES))
    return frozenset((*(each.name for each in SETTING_TABLE), *further))


def interface_addresses() -> tuple[str, ...]:
    """The setting that each interface must have, in the order of their numbers."""
    local = next(each for each in INTERFACE_TABLE if each.field == "local_ipv4_address")
    return tuple(local.name_of(number) for number in range(MAX_INTERFACES))


def interface_port(number: int) -> str:
    """The setting for the DPDK port of interface `number`."""
    return next(each for each in INTERFACE_TABLE if each.field == "port_id").name_of(number)
