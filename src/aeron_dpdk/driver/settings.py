"""`Settings`: everything that is set before the start, from the environment, -D and property files.

The last one wins: environment, then -D, then the files in their order, as in aeronmd. Settings of Aeron's own
driver are not read here: C gets them through the process environment.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aeron_dpdk.driver.interface_settings import InterfaceSettings, refuse_the_same_twice
from aeron_dpdk.driver.log_lines import LogFormat
from aeron_dpdk.driver.properties import Property
from aeron_dpdk.driver.setting_table import (
    DRIVER_TABLE,
    INTERFACE_TABLE,
    MAX_INTERFACES,
    PREFIX,
    SETTING_TABLE,
    SHARES,
    Setting,
    setting_names,
)
from aeron_dpdk.errors import (
    InterfaceGapError,
    InterfaceNumberError,
    SettingConflictError,
    SettingMissingError,
    SettingValueError,
    UnknownSettingError,
)
from aeron_dpdk.seam import KernelSockets

ENVIRONMENT = "environment"
ADDRESS = "local_ipv4_address"
_NUMBERED = re.compile(rf"{PREFIX}(\d+)_(\w+)", re.ASCII)

# A Kubernetes service called aeron-dpdk sets these variables in every pod of its namespace.
_KUBERNETES_SERVICE = re.compile(
    r"AERON_DPDK_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """`interfaces` has at least one, in the order of their numbers. None keeps the default of the device or
    the stack. `environment` are the changes to the process environment for Aeron's driver in C: a value, or
    None to unset. Cache sizes are in mbufs."""

    interfaces: tuple[InterfaceSettings, ...]
    user: str | None = None
    group: str | None = None
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
        """Raises SettingConflictError for values that are valid alone, but not together."""
        if self.group is not None and self.user is None:
            raise SettingConflictError(
                f'AERON_DPDK_GROUP is "{self.group}" but AERON_DPDK_USER is not set', "set both or neither"
            )
        refuse_the_same_twice(self.interfaces)


def make_settings(
    environment: Mapping[str, str],
    properties: Iterable[Property] = (),
    eal_arguments: Iterable[str] = (),
    when_unaddressed: Sequence[Mapping[str, Any]] = (),
    port_ids: Sequence[int] = (),
) -> Settings:
    """`properties` come in the order of their precedence, lowest first. `when_unaddressed` has fields of
    `InterfaceSettings` for each interface in turn: they apply to an interface whose address is not set,
    unless they are set themselves. `port_ids`, as far as they are known, replace the interfaces' numbers as
    defaults. Raises an error of the settings kind."""
    merged = merge(environment, properties)
    refuse_unknown(merged.values())
    changes = {
        name: merged[name].value if name in merged else None
        for name in environment.keys() | merged.keys()
        if name not in merged or merged[name].source != ENVIRONMENT
    }
    return Settings(
        _interfaces(merged, when_unaddressed, port_ids),
        **_given(DRIVER_TABLE, merged),
        eal_arguments=tuple(eal_arguments),
        environment=changes,
    )


def _interfaces(
    merged: Mapping[str, Property], when_unaddressed: Sequence[Mapping[str, Any]], port_ids: Sequence[int]
) -> tuple[InterfaceSettings, ...]:
    """Those that have settings, and the first one; if no address is set at all, also the saved ones."""
    given = {number: _given(INTERFACE_TABLE, merged, number) for number in range(MAX_INTERFACES)}
    numbers = {0, *(number for number, fields in given.items() if fields)}
    if not any(ADDRESS in fields for fields in given.values()):
        numbers.update(range(len(when_unaddressed)))
    for number in range(max(numbers)):
        if number not in numbers:
            raise InterfaceGapError(number, _first_name(merged, max(numbers)))
    interfaces: list[InterfaceSettings] = []
    for number in sorted(numbers):
        default = {"port_id": port_ids[number] if number < len(port_ids) else number}
        saved = dict(when_unaddressed[number]) if number < len(when_unaddressed) else {}
        if (shared := saved.pop(SHARES, None)) is not None:
            host = interfaces[shared]
            saved |= {"port_id": host.port_id, "mtu": min(saved["mtu"], host.mtu or saved["mtu"])}
        values = {**default, **_saved_beside(given[number], saved), **given[number]}
        interfaces.append(_interface(number, values, merged))
    return tuple(interfaces)


def _saved_beside(fields: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """The saved values that still apply if `fields` are set."""
    if ADDRESS in fields:
        return {}
    gone = {"gateway_ipv6_address", "has_saved_ipv6"} if "local_ipv6_address" in fields else set()
    return {name: value for name, value in saved.items() if name not in gone}


def _interface(number: int, values: Mapping[str, Any], merged: Mapping[str, Property]) -> InterfaceSettings:
    """Raises SettingMissingError."""
    if ADDRESS not in values:
        missing = next(setting for setting in INTERFACE_TABLE if setting.field == ADDRESS)
        purpose = (
            f"interface {number}, which {_first_name(merged, number)} belongs to, has no address"
            if number
            else "the port has no address to send from and to listen on"
        )
        raise SettingMissingError(missing.name_of(number), purpose)
    return InterfaceSettings(**values, number=number)


def _first_name(merged: Mapping[str, Property], number: int) -> str:
    """The first name that is set for interface `number`."""
    names = (setting.name_of(number) for setting in INTERFACE_TABLE)
    return next(name for name in names if name in merged and merged[name].value)


def _given(table: Iterable[Setting], merged: Mapping[str, Property], number: int = 0) -> dict[str, Any]:
    """The values that are set, by their fields."""
    values = {setting.field: _value(setting.parse, setting.name_of(number), merged) for setting in table}
    return {field: value for field, value in values.items() if value is not None}


def merge(environment: Mapping[str, str], properties: Iterable[Property]) -> dict[str, Property]:
    """For each name, the property that was set last. A property with an empty value unsets the name."""
    merged = {name: Property(name, value, ENVIRONMENT) for name, value in environment.items()}
    for each in properties:
        if each.value:
            merged[each.name] = each
        else:
            merged.pop(each.name, None)
    return merged


def refuse_unknown(properties: Iterable[Property]) -> None:
    """Raises UnknownSettingError or InterfaceNumberError for an AERON_DPDK_ name that is not in the table."""
    known = setting_names()
    for each in properties:
        if not each.name.startswith(PREFIX) or each.name in known or not each.value:
            continue
        if each.source == ENVIRONMENT and _KUBERNETES_SERVICE.fullmatch(each.name):
            continue
        _refuse_number(each)
        nearest = difflib.get_close_matches(each.name, sorted(known), n=1, cutoff=0.75)
        raise UnknownSettingError(each.name, each.source, nearest[0] if nearest else None)


def _refuse_number(given: Property) -> None:
    """Raises InterfaceNumberError if the name without the number is one of ours."""
    found = _NUMBERED.fullmatch(given.name)
    setting = next((each for each in SETTING_TABLE if found and each.name == PREFIX + found[2]), None)
    if found is None or setting is None:
        return
    if not setting.is_per_interface:
        raise InterfaceNumberError(
            given.name, given.source, "belongs to the driver, not to an interface", f"name it {setting.name}"
        )
    if not found[1].strip("0"):
        raise InterfaceNumberError(
            given.name,
            given.source,
            "has a number, but the first interface has none",
            f"name it {setting.name}",
        )
    raise InterfaceNumberError(
        given.name,
        given.source,
        f"is for none of the {MAX_INTERFACES} interfaces that a driver can have",
        f"number the further ones from 1 to {MAX_INTERFACES - 1}, as in {setting.name_of(1)}",
    )


def read_setting(environment: Mapping[str, str], name: str) -> Any:
    """One of our settings, as aeronmd_dpdk would read it; None if it is not set. Raises SettingValueError."""
    merged = merge(environment, ())
    return next(_value(each.parse, each.name, merged) for each in SETTING_TABLE if each.name == name)


def _value(parse: Callable[[str], Any], name: str, merged: Mapping[str, Property]) -> Any:
    given = merged.get(name)
    if given is None or not given.value:
        return None
    try:
        return parse(given.value)
    except ValueError as error:
        raise SettingValueError(name, given.value, given.source, str(error)) from None
