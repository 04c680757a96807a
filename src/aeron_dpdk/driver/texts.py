"""What aeronmd_dpdk says on standard output: help, version, the ready line."""

import grp
import pwd
from collections.abc import Callable
from importlib.metadata import version

from click.formatting import HelpFormatter

from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.setting_table import INTERFACE_TABLE, MAX_INTERFACES, SETTING_TABLE
from aeron_dpdk.driver.start_up import Ready
from aeron_dpdk.exit_code import DRIVER_CODES
from aeron_dpdk.seam import PortInfo

try:
    from aeron_dpdk._build_info import GIT
except ImportError:  # a checkout whose native half is not built
    GIT = "unknown"

USAGE = "[EAL options] [--] [-Dname=value] [-v] [-h] [file.properties ...]"
DESCRIPTION = (
    "Aeron's media driver with its UDP traffic over DPDK. All AERON_ variables and aeron. properties of "
    "aeronmd work. EAL options are DPDK's own: -a, -l, --vdev, --no-huge and so on."
)
OPTIONS = (
    ("-Dname=value", "set a property: -Daeron.dir=/dev/shm/aeron sets AERON_DIR"),
    ("-v, --version", "print the versions of this driver, of Aeron and of DPDK"),
    ("-h, --help", "print this"),
    ("file.properties", "read properties from a file or an http:// URL; the last one wins"),
)


def help_text(width: int = 80) -> str:
    formatter = HelpFormatter(width=width, max_width=width)
    formatter.write_usage("aeronmd_dpdk", USAGE)
    formatter.write_paragraph()
    formatter.write_text(DESCRIPTION)
    with formatter.section("Options"):
        formatter.write_dl(OPTIONS)
    with formatter.section(
        "Settings, as variables or as properties (AERON_DPDK_PORT_ID, aeron.dpdk.port.id)"
    ):
        formatter.write_dl(
            [(setting.name, f"{setting.help} (default: {setting.default})") for setting in SETTING_TABLE],
            col_max=34,
        )
        formatter.write_paragraph()
        formatter.write_text(further_interfaces_text())
    with formatter.section("Exit codes"):
        formatter.write_text(", ".join(f"{code.value} {_words(code.name)}" for code in DRIVER_CODES))
    return formatter.getvalue()


def further_interfaces_text() -> str:
    return (
        "Those of further interfaces are numbered without gaps from 1 to "
        f"{MAX_INTERFACES - 1}: {INTERFACE_TABLE[0].name_of(1)}, ..., {INTERFACE_TABLE[-1].name_of(1)}."
    )


def version_text(aeron_version: str, dpdk_version: str) -> str:
    """+guilty behind the git hash means that the native half was built with uncommitted changes."""
    return f"aeronmd_dpdk {version('aeron-dpdk')} git {GIT}; Aeron {aeron_version}; {dpdk_version}"


def ready_text(ready: Ready) -> str:
    interfaces = zip(ready.settings.interfaces, ready.ports, strict=True)
    return (
        f"aeronmd_dpdk is ready: {' and '.join(_interface_text(*each) for each in interfaces)}, "
        f"{ready.threading_mode}, {ready.aeron_directory}, "
        f"as {_named(_user_name, ready.uid)}:{_named(_group_name, ready.gid)}"
    )


def _interface_text(settings: InterfaceSettings, port: PortInfo) -> str:
    addresses = ", ".join(map(str, (settings.local_ipv4_address, *settings.local_ipv6_address)))
    vlan = f", VLAN {port.vlan}" if port.vlan else ""
    place = f"{port.driver} port {settings.port_id} ({port.name})"
    return f"{addresses} at {port.mac} on {place}{vlan}, mtu {port.mtu}"


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _user_name(uid: int) -> str:
    return pwd.getpwuid(uid).pw_name


def _group_name(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _named(name_of: Callable[[int], str], number: int) -> str:
    try:
        return name_of(number)
    except KeyError:
        return str(number)
