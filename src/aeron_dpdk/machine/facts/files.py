"""Files that DPDK processes leave behind, and the limits and persistence files of the system."""

import re
from dataclasses import dataclass

from aeron_dpdk.machine.facts.memory import HugeMount
from aeron_dpdk.machine.tree import Tree

RUNTIME = "/run/dpdk"
LIMITS_FILE = "/etc/security/limits.d/60-aeron-dpdk.conf"
SYSCTL_FILE = "/etc/sysctl.d/60-aeron-dpdk.conf"
MODULES_FILE = "/etc/modules-load.d/aeron-dpdk.conf"
MODULE_OPTIONS_FILE = "/etc/modprobe.d/aeron-dpdk.conf"
BOOT_UNIT = "/etc/systemd/system/aeron-dpdk-setup.service"
GRUBBY = "/usr/sbin/grubby"
UPDATE_GRUB = "/usr/sbin/update-grub"
GRUB_DEFAULTS = "/etc/default/grub"
ENVIRONMENT_FILES = "/etc/aeron-dpdk"  # NAME.env is the settings of aeronmd_dpdk@NAME.service
# For a report: what somebody who looks for a fault from afar needs to see.
SYSTEM_FILES = (
    "/etc/os-release",
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/interrupts",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/self/limits",
    "/proc/version",
)
# eal_get_hugefile_path(): the pages of a process with the file prefix rte are rtemap_0, rtemap_1 and so on.
_HUGE_FILE = re.compile(r".+map_\d+")


@dataclass(frozen=True, slots=True)
class Files:
    """`dead_prefixes` are runtime directories of DPDK processes that are gone, `huge_files` the pages that
    such processes left in hugetlbfs mounts. The two maxima are in bytes. `boot_arguments` are the arguments
    with which our unit calls setup at boot."""

    dead_prefixes: tuple[str, ...]
    huge_files: tuple[str, ...]
    rmem_max: int | None
    wmem_max: int | None
    boot_arguments: tuple[str, ...]
    sysctl_hugepages: str | None
    has_systemd: bool
    has_boot_menu_tool: bool


def read_files(tree: Tree, mounts: tuple[HugeMount, ...]) -> Files:
    configs = {prefix: f"{RUNTIME}/{prefix}/config" for prefix in tree.names(RUNTIME)}
    living = frozenset(prefix for prefix, config in configs.items() if _is_locked(tree, config))
    return Files(
        dead_prefixes=tuple(
            prefix for prefix, config in configs.items() if tree.exists(config) and prefix not in living
        ),
        huge_files=tuple(
            f"{mount.directory}/{name}"
            for mount in mounts
            for name in tree.names(mount.directory)
            if _HUGE_FILE.fullmatch(name) and not _is_locked(tree, f"{mount.directory}/{name}")
        ),
        rmem_max=tree.number("/proc/sys/net/core/rmem_max"),
        wmem_max=tree.number("/proc/sys/net/core/wmem_max"),
        boot_arguments=_boot_arguments(tree),
        sysctl_hugepages=_sysctl_file(tree, "vm.nr_hugepages"),
        has_systemd=tree.exists("/run/systemd/system"),  # sd_booted(3)
        has_boot_menu_tool=tree.exists(GRUBBY) or (tree.exists(UPDATE_GRUB) and tree.exists(GRUB_DEFAULTS)),
    )


def _boot_arguments(tree: Tree) -> tuple[str, ...]:
    """Those behind the program and its command."""
    calls = [line.split()[2:] for line in tree.lines(BOOT_UNIT) if line.startswith("ExecStart=")]
    return tuple(calls[0]) if calls else ()


def _sysctl_file(tree: Tree, name: str) -> str | None:
    places = [f"/etc/sysctl.d/{each}" for each in tree.names("/etc/sysctl.d") if each.endswith(".conf")]
    for place in ["/etc/sysctl.conf", *places]:
        if any(line.partition("=")[0].strip() == name for line in tree.lines(place)):
            return place
    return None


def _is_locked(tree: Tree, name: str) -> bool:
    """A primary process holds a lock on its config file, and each process one on its pages, for as long as it
    lives. EAL's clear_hugedir() checks the same locks."""
    try:
        inode = tree.path(name).stat().st_ino
    except OSError:
        return False
    return any(f":{inode} " in line for line in tree.lines("/proc/locks"))
