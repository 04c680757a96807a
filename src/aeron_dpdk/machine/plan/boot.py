"""The unit that sets the machine up again at each boot."""

from collections.abc import Iterator

from aeron_dpdk.machine.change.resources import ConfigFile, SymbolicLink
from aeron_dpdk.machine.facts.files import BOOT_UNIT
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.memory import advised_kib
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.plan.change import Change
from aeron_dpdk.machine.plan.driver_choice import DriverChoice
from aeron_dpdk.machine.plan.wishes import Part, Wishes

WANTED_BY = "/etc/systemd/system/multi-user.target.wants/aeron-dpdk-setup.service"
# What does not last by itself; the rest is in files that the system reads.
RUNTIME_PARTS = (Part.HUGE_PAGES, Part.IOMMU, Part.VFIO, Part.BIND, Part.PERMISSIONS)


def unit_text(program: str, arguments: tuple[str, ...]) -> str:
    """Without default dependencies: cloud-init waits for the network before basic.target, which would be a
    loop."""
    return f"""# Written by aeron-dpdk setup; aeron-dpdk setup --undo removes it.
[Unit]
Description=Huge pages and network devices for aeronmd_dpdk
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service systemd-udev-trigger.service
Wants=network-pre.target
Before=network-pre.target shutdown.target aeronmd_dpdk.service
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={program} setup {" ".join(arguments)}

[Install]
WantedBy=multi-user.target
"""


def unit_arguments(
    facts: Facts, wishes: Wishes, nics: tuple[Nic, ...], choices: tuple[DriverChoice, ...]
) -> tuple[str, ...]:
    """What is wished for now, and what is there already."""
    wanted_kib = wishes.huge_kib if wishes.huge_kib is not None else advised_kib(facts.memory)
    arguments = [part.value for part in RUNTIME_PARTS if nics or part is Part.HUGE_PAGES]
    arguments += ["--yes", "--now", f"--huge-memory={wanted_kib >> 10}M"]
    if wishes.page_kib is not None:
        arguments.append(f"--page-size={wishes.page_kib >> 10}M")
    for nic in nics:
        arguments += [f"--nic={nic.address}", f"--force={nic.address}"]
    if choices:
        arguments.append(f"--driver={choices[0].driver}")
    if wishes.user is not None:
        arguments.append(f"--user={wishes.user.name}")
    return tuple(arguments)


def repeat_at_boot(wishes: Wishes, arguments: tuple[str, ...]) -> Iterator[Change]:
    text = unit_text(wishes.program, arguments)
    why = "huge pages, binding and permissions are gone after a reboot"
    yield Change(ConfigFile(BOOT_UNIT), {"text": text, "mode": 0o644}, why)
    yield Change(SymbolicLink(WANTED_BY), "../aeron-dpdk-setup.service", "systemd starts it at boot")
