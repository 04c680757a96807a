"""`Settings`: all that is decided before the start, made once from environment, -D and property files.

Later wins: environment, then -D, then the files in their order, as in aeronmd. Names of Aeron's own driver
are not read here: they go to C through the process environment.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import Any

from aeron_dpdk.driver.log_lines import LogFormat
from aeron_dpdk.driver.properties import Property
from aeron_dpdk.driver.setting_table import PREFIX, SETTING_TABLE, Setting
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.errors import (
    SettingConflictError,
    SettingMissingError,
    SettingValueError,
    UnknownSettingError,
)
from aeron_dpdk.seam import KernelSockets

ENVIRONMENT = "environment"

# A Kubernetes service called aeron-dpdk puts these into every pod beside it.
_KUBERNETES_SERVICE = re.compile(
    r"AERON_DPDK_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """None keeps the default of the device or the stack. `environment` is what C's Aeron driver shall see of
    the process environment beyond what is there: a value, or None to unset. Lengths and sizes are in bytes,
    queue and cache sizes in mbufs."""

    local_ipv4_address: LocalAddress
    gateway_ipv4_address: IPv4Address | None = None
    user: str | None = None
    group: str | None = None
    port_id: int = 0
    mtu: int | None = None
    rx_queue_size: int | None = None
    tx_queue_size: int | None = None
    tx_mempool_per_queue: bool = False
    tx_mempool_ops: str | None = None
    rx_mempool_ops: str | None = None
    tx_mempool_cache_size: int | None = None
    rx_mempool_cache_size: int | None = None
    kernel_sockets: KernelSockets = KernelSockets.LOOPBACK
    fragments: bool = True
    threads_from_cgroup: bool = False
    log_format: LogFormat | None = None
    eal_arguments: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises SettingConflictError for values that are good alone but not together."""
        if self.group is not None and self.user is None:
            raise SettingConflictError(
                f'AERON_DPDK_GROUP is "{self.group}" but AERON_DPDK_USER is not set', "set both or neither"
            )
        self._check_gateway()

    def _check_gateway(self) -> None:
        own, gateway = self.local_ipv4_address, self.gateway_ipv4_address
        if gateway is None:
            return
        if gateway == own.address:
            raise SettingConflictError(
                f"AERON_DPDK_GATEWAY_IPV4_ADDRESS is our own address {own.address}",
                "give the router's address",
            )
        if own.prefix_length not in (None, 32):  # of a /32 the gateway is always beyond
            network = IPv4Network((own.address, own.prefix_length), strict=False)
            if gateway not in network:
                raise SettingConflictError(
                    f"AERON_DPDK_GATEWAY_IPV4_ADDRESS {gateway} is not in {network}, "
                    f"the network of AERON_DPDK_LOCAL_IPV4_ADDRESS {own}",
                    "correct the gateway or the prefix",
                )


def make_settings(
    environment: Mapping[str, str],
    properties: Iterable[Property] = (),
    eal_arguments: Iterable[str] = (),
    when_unaddressed: Mapping[str, Any] = MappingProxyType({}),
) -> Settings:
    """`properties` in their order of precedence, lowest first. `when_unaddressed` has fields of `Settings`
    that hold, as far as they are not set themselves, where no own address is set. Raises an error of the
    settings kind."""
    merged = merge(environment, properties)
    refuse_unknown(merged.values())
    own_values: dict[str, Any] = {setting.field: _value(setting, merged) for setting in SETTING_TABLE}
    given = {name: value for name, value in own_values.items() if value is not None}
    if "local_ipv4_address" not in given:
        given = {**when_unaddressed, **given}
    if "local_ipv4_address" not in given:
        raise SettingMissingError(
            "AERON_DPDK_LOCAL_IPV4_ADDRESS", "the port has no address to send from and to listen on"
        )
    changes = {
        name: merged[name].value if name in merged else None
        for name in environment.keys() | merged.keys()
        if name not in merged or merged[name].source != ENVIRONMENT
    }
    return Settings(**given, eal_arguments=tuple(eal_arguments), environment=changes)


def merge(environment: Mapping[str, str], properties: Iterable[Property]) -> dict[str, Property]:
    """Who has the last word on each name. A property with an empty value unsets its name."""
    merged = {name: Property(name, value, ENVIRONMENT) for name, value in environment.items()}
    for each in properties:
        if each.value:
            merged[each.name] = each
        else:
            merged.pop(each.name, None)
    return merged


def refuse_unknown(properties: Iterable[Property]) -> None:
    """Raises UnknownSettingError for an AERON_DPDK_ name that is not in the table."""
    known = [setting.name for setting in SETTING_TABLE]
    for each in properties:
        if not each.name.startswith(PREFIX) or each.name in known or not each.value:
            continue
        if each.source == ENVIRONMENT and _KUBERNETES_SERVICE.fullmatch(each.name):
            continue
        nearest = difflib.get_close_matches(each.name, known, n=1, cutoff=0.75)
        raise UnknownSettingError(each.name, each.source, nearest[0] if nearest else None)


def read_setting(environment: Mapping[str, str], name: str) -> Any:
    """One of ours, as aeronmd_dpdk would read it; None where it is not set. Raises SettingValueError."""
    merged = merge(environment, ())
    return next(_value(setting, merged) for setting in SETTING_TABLE if setting.name == name)


def _value(setting: Setting, merged: Mapping[str, Property]) -> Any:
    given = merged.get(setting.name)
    if given is None or not given.value:
        return None
    try:
        return setting.parse(given.value)
    except ValueError as error:
        raise SettingValueError(setting.name, given.value, given.source, str(error)) from None
