"""Every setting of ours, once: its name, how it is read, its default, what it does. -h prints this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aeron_dpdk.driver.log_lines import log_format
from aeron_dpdk.driver.setting_values import (
    address,
    boolean,
    kernel_sockets,
    local_address,
    size,
    text,
    whole_number,
)

PREFIX = "AERON_DPDK_"


@dataclass(frozen=True, slots=True)
class Setting:
    """`field` is the attribute of `Settings`, which holds the default itself; `default` is for people."""

    field: str
    parse: Callable[[str], Any]
    default: str
    help: str

    @property
    def name(self) -> str:
        return PREFIX + self.field.upper()


_descriptors = whole_number(1, 65535)
_cache_size = whole_number(0, 512)  # RTE_MEMPOOL_CACHE_MAX_SIZE
_port_id = whole_number(0, 1023)  # RTE_MAX_ETHPORTS is at most 1024

SETTING_TABLE = (
    Setting(
        "local_ipv4_address", local_address, "saved by setup", "own address of the port; a /prefix is allowed"
    ),
    Setting("gateway_ipv4_address", address, "none", "next hop off link; without a /prefix, for everything"),
    Setting("user", text, "stay", "as root: user to become once the port is open, by name or number"),
    Setting("group", text, "the user's", "as root: group to become once the port is open, by name or number"),
    Setting("port_id", _port_id, "0", "which DPDK port, counted as the EAL found them"),
    Setting("mtu", size(68, 65535), "the device's", "IPv4 MTU of the link in bytes; 8K is allowed"),
    Setting("rx_queue_size", _descriptors, "the stack's", "receive descriptors, fitted to the device"),
    Setting("tx_queue_size", _descriptors, "the stack's", "transmit descriptors, fitted to the device"),
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
