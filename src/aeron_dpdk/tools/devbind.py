"""dpdk-devbind.py with its usual options. For network devices only; `aeron-dpdk setup --undo` reverts what
it binds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import click

from aeron_dpdk.errors import AeronDpdkError, explain
from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.change.apply import apply, steps_of
from aeron_dpdk.machine.change.journal import opened_journal
from aeron_dpdk.machine.change.nic_resources import PciBinding
from aeron_dpdk.machine.change.resources import Change
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.machine import Facts, read_facts
from aeron_dpdk.machine.facts.nics import DPDK_DRIVERS, Nic
from aeron_dpdk.machine.plan.choice import DriverChoice, choose_driver, refuse_to_take
from aeron_dpdk.machine.plan.devices import bind, set_vfio_parameters
from aeron_dpdk.tools.devices import other_drivers
from aeron_dpdk.tools.host import this_host

NO_DRIVER = "none"


@click.command(name="dpdk-devbind.py")
@click.option("-s", "--status", is_flag=True, help="Print the network devices and who has them.")
@click.option("--status-dev", type=click.Choice(["net"]), help="The same; other groups are not ours.")
@click.option("-b", "--bind", "driver", metavar="DRIVER", help='Bind the devices to it; "none" unbinds.')
@click.option("-u", "--unbind", is_flag=True, help="Unbind the devices, as -b none.")
@click.option("--noiommu-mode", is_flag=True, help="Let vfio do without an IOMMU where there is none.")
@click.option("--force", is_flag=True, help="Take a device although the system uses it.")
@click.argument("devices", nargs=-1)
def command(  # noqa: PLR0913 - one parameter for each option
    status: bool,
    status_dev: str | None,
    driver: str | None,
    unbind: bool,
    noiommu_mode: bool,
    force: bool,
    devices: tuple[str, ...],
) -> None:
    """Show which driver has each network device, and change that. DEVICE is a PCI address or an interface."""
    host = this_host()
    wanted = NO_DRIVER if unbind else driver
    if wanted is not None:
        change_driver(host, wanted, devices, is_forced=force, noiommu_mode=noiommu_mode)
    elif not status and status_dev is None:
        raise click.UsageError("say what to do: --status, -b DRIVER DEVICE... or -u DEVICE...")
    if status or status_dev is not None:
        for line in status_lines(read_facts(host, host.network())):
            click.echo(line)


def change_driver(
    host: System, driver: str, names: Sequence[str], *, is_forced: bool, noiommu_mode: bool
) -> None:
    """Raises an error of the machine kind."""
    facts = read_facts(host, host.network())
    if not names:
        raise click.UsageError("name at least one device")
    if facts.session.uid != 0:
        raise RefusedError("changing drivers takes root", "run the same with sudo")
    if driver in DPDK_DRIVERS and not facts.kernel.runs(driver.replace("-", "_")):
        raise RefusedError(f"{driver} is not loaded", f"sudo modprobe {driver}")
    nics = [_nic(facts, name) for name in names]
    changes = [change for nic in nics for change in changes_for(facts, nic, driver, is_forced, tuple(nics))]
    if noiommu_mode:
        choices = [choose_driver(facts, nic, driver) for nic in nics]
        changes = [*set_vfio_parameters(facts, choices), *changes]
    with opened_journal(host) as journal:
        apply(steps_of(changes, host), host, journal, click.echo)


def _nic(facts: Facts, name: str) -> Nic:
    nic = facts.nic(name)
    if nic is None:
        raise RefusedError(f"{name} is no network device on the PCI bus", "see dpdk-devbind.py --status")
    return nic


def changes_for(
    facts: Facts, nic: Nic, driver: str, is_forced: bool, together: tuple[Nic, ...]
) -> Iterator[Change]:
    why = f"{driver} was asked for"
    unbound = Change(PciBinding(nic.address), {"driver": None, "override": None}, why)
    if driver not in (*DPDK_DRIVERS, NO_DRIVER):
        yield replace(unbound, after={"driver": driver, "override": None})
        return
    if not nic.is_for_dpdk:
        refuse_to_take(facts, nic, together, facts.names_of(nic) if is_forced else frozenset())
    for change in bind(facts, nic, DriverChoice(driver, why)):
        yield unbound if driver == NO_DRIVER and change.resource == unbound.resource else change


def status_lines(facts: Facts) -> Iterator[str]:
    """In the format of DPDK's script."""
    groups = {
        "Network devices using DPDK-compatible driver": [nic for nic in facts.nics if nic.is_for_dpdk],
        "Network devices using kernel driver": [
            nic for nic in facts.nics if nic.driver and not nic.is_for_dpdk
        ],
        "Other Network devices": [nic for nic in facts.nics if not nic.driver],
    }
    if not facts.nics:
        yield from ("", "No 'Network' devices detected", "=" * 29)
    for title, nics in groups.items():
        if nics:
            yield from ("", title, "=" * len(title))
            yield from (status_line(facts, nic) for nic in nics)


def status_line(facts: Facts, nic: Nic) -> str:
    unused = ",".join(other_drivers(facts, nic))
    parts = [f"{nic.address} '{nic.name} {nic.device_id:x}'"]
    if nic.interfaces:
        parts.append(f"if={','.join(nic.interfaces)}")
    if nic.driver is not None:
        parts.append(f"drv={nic.driver}")
    parts.append(f"unused={unused}")
    if any(interface.is_up and interface.addresses for interface in facts.interfaces_of(nic)):
        parts.append("*Active*")
    return " ".join(parts)


def main() -> None:
    try:
        command()
    except AeronDpdkError as error:
        explanation = explain(error)
        click.echo(explanation.text, err=True)
        raise SystemExit(explanation.exit_code) from None
