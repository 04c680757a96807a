"""The systemd unit that sets the machine up again at each boot."""

from collections.abc import Iterator

from aeron_dpdk.machine.change.resources import Change, ConfigFile, SymbolicLink
from aeron_dpdk.machine.facts.files import BOOT_UNIT
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.memory import advised_kib
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.intent import SetupPart, SetupRequest
from aeron_dpdk.machine.plan.choice import DriverChoice

WANTED_BY = "/etc/systemd/system/multi-user.target.wants/aeron-dpdk-setup.service"
# The parts that a reboot undoes; the others are in files that the system reads.
RUNTIME_PARTS = (SetupPart.HUGE_PAGES, SetupPart.IOMMU, SetupPart.VFIO, SetupPart.BIND, SetupPart.PERMISSIONS)


def unit_text(program: str, arguments: tuple[str, ...]) -> str:
    """It has no default dependencies: cloud-init waits for the network before basic.target, which would make
    a loop."""
    return f"""# Written by aeron-dpdk setup; aeron-dpdk setup --undo removes it.
[Unit]
Description=Huge pages and network devices for aeronmd_dpdk
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service systemd-udev-trigger.service
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={program} setup {" ".join(arguments)}

[Install]
WantedBy=multi-user.target
"""


def unit_arguments(
    facts: Facts, request: SetupRequest, nics: tuple[Nic, ...], choices: tuple[DriverChoice, ...]
) -> tuple[str, ...]:
    """What is requested now; for what is not, what the unit does already or what is advised."""
    kept = [nic for name in _already(facts, "nic") if (nic := facts.nic(name)) and nic.is_for_dpdk]
    addresses = sorted({nic.address for nic in (*kept, *nics)})
    drivers = {choice.driver for choice in choices} | {nic.driver for nic in kept if nic not in nics}
    size = (f"{request.huge_kib >> 10}M",) if request.huge_kib is not None else _already(facts, "huge-memory")
    page = (f"{request.page_kib}K",) if request.page_kib is not None else _already(facts, "page-size")
    user = (request.user.name,) if request.user is not None else _already(facts, "user")
    options = {
        "huge-memory": size or (f"{advised_kib(facts.memory) >> 10}M",),
        "page-size": page,
        "nic": addresses,
        "force": addresses,
        "driver": drivers if len(drivers) == 1 else (),
        "user": user,
    }
    parts = [part.value for part in RUNTIME_PARTS if addresses or part is SetupPart.HUGE_PAGES]
    given = [f"--{name}={value}" for name, values in options.items() for value in values]
    return (*parts, "--yes", "--now", *given)


def _already(facts: Facts, option: str) -> tuple[str, ...]:
    """The values of an option in the present unit."""
    start = f"--{option}="
    return tuple(each.removeprefix(start) for each in facts.files.boot_arguments if each.startswith(start))


def repeat_at_boot(request: SetupRequest, arguments: tuple[str, ...]) -> Iterator[Change]:
    text = unit_text(request.program, arguments)
    why = "huge pages, binding and permissions are gone after a reboot"
    yield Change(ConfigFile(BOOT_UNIT), {"text": text, "mode": 0o644}, why)
    yield Change(SymbolicLink(WANTED_BY), "../aeron-dpdk-setup.service", "systemd starts it at boot")
