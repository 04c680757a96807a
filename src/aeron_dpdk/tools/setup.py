"""`aeron-dpdk setup`: make a machine ready, or restore it as it was."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence

import click

import aeron_dpdk
from aeron_dpdk.driver.aeron_settings import read_aeron_settings
from aeron_dpdk.driver.setting_table import INTERFACE_TABLE
from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.change.apply import Step, apply, steps_of
from aeron_dpdk.machine.change.apply import undo as undo_all
from aeron_dpdk.machine.change.journal import opened_journal
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.accounts import changeable_part
from aeron_dpdk.machine.facts.cpus import parse_cpu_list
from aeron_dpdk.machine.facts.machine import Facts, read_facts
from aeron_dpdk.machine.facts.nics import DPDK_DRIVERS, Nic
from aeron_dpdk.machine.facts.saved_nic import SavedAddress
from aeron_dpdk.machine.intent import SetupPart, SetupRequest
from aeron_dpdk.machine.plan.choice import allow_argument
from aeron_dpdk.machine.plan.make_plan import Plan, make_plan
from aeron_dpdk.seam import Vlan
from aeron_dpdk.tools.host import dpdk_release, find_user, this_host

_UNITS_IN_KIB = {"K": 1, "M": 1 << 10, "G": 1 << 20}


def size_kib(text: str) -> int:
    """KiB from 512M or 1G."""
    found = re.fullmatch(r"(\d+)([KMG])", text.upper())
    if found is None:
        raise click.BadParameter(f"{text} is no size such as 2M, 512M or 1G")
    return int(found[1]) * _UNITS_IN_KIB[found[2]]


def cpus_of(text: str) -> frozenset[int]:
    """CPUs from 2-5,8, the format of the kernel's CPU lists."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise click.BadParameter(f"{text} is no list of CPUs such as 2-5,8")
    return parse_cpu_list(text)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice([part.value for part in SetupPart]), metavar="[WHAT]...")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--undo", is_flag=True, help="Restore everything to what it was before the first setup.")
@click.option("--now", is_flag=True, help="Set up only until the next boot.")
@click.option(
    "--nic", "nics", multiple=True, metavar="NIC", help="PCI address or interface; may be repeated."
)
@click.option(
    "--driver", type=click.Choice(DPDK_DRIVERS), help="Use this driver, not the best that works here."
)
@click.option(
    "--huge-memory",
    type=size_kib,
    metavar="SIZE",
    help="Huge pages per NUMA node of the NICs, for example 1G.",
)
@click.option(
    "--page-size", type=size_kib, metavar="SIZE", help="Huge page size, 2M or 1G; reserved ones count."
)
@click.option("--user", metavar="NAME", help="The ordinary user who will start aeronmd_dpdk, without root.")
@click.option(
    "--cpus", type=cpus_of, metavar="LIST", help="CPUs to keep for aeronmd_dpdk, for example 2-5,8."
)
@click.option("--force", "forced", multiple=True, metavar="NIC", help="Take this NIC even if it is in use.")
def setup(  # noqa: PLR0913 - one parameter for each option
    parts: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    undo: bool,
    now: bool,
    nics: tuple[str, ...],
    driver: str | None,
    huge_memory: int | None,
    page_size: int | None,
    user: str | None,
    cpus: frozenset[int] | None,
    forced: tuple[str, ...],
) -> None:
    """Make this machine ready for aeronmd_dpdk, now and at each boot.

    WHAT is any of huge-pages, sockets, limits, iommu, vfio, bind, permissions, boot, cpus; by default all of
    them, cpus only with --cpus.
    Each step is printed with the states before and after, and verified; if one fails, those before it are
    rolled back.
    """
    system = this_host()
    if undo:
        run_undo(system, dry_run)
        return
    aeron = read_aeron_settings(os.environ)
    request = SetupRequest(
        parts=requested_parts(parts, now, cpus is not None),
        nics=nics,
        driver=driver,
        page_kib=page_size,
        huge_kib=huge_memory,
        user=find_user(system, user) if user is not None else None,
        forced=frozenset(forced),
        is_temporary=now,
        cpus=cpus or frozenset(),
        receive_bytes=max(aeron.initial_window_length, aeron.socket_rcvbuf),
        send_bytes=aeron.socket_sndbuf,
        program=own_program(),
        changeable=changeable_of(system, own_program()),
        dpdk=dpdk_release(),
    )
    if run_plan(system, request, dry_run=dry_run, yes=yes):
        show_next(read_facts(system, system.network()), request)


def requested_parts(names: Sequence[str], now: bool, names_cpus: bool = False) -> frozenset[SetupPart]:
    """What does not persist by itself is repeated at boot, unless it is to apply `now` only. Raises
    RefusedError."""
    if SetupPart.CPUS in names and not names_cpus:
        raise RefusedError("setup cpus does not guess which CPUs to keep", "name them, as --cpus 2-5")
    parts = {SetupPart(name) for name in names} or set(SetupPart)
    if names_cpus:
        parts.add(SetupPart.CPUS)
    if parts & {SetupPart.HUGE_PAGES, SetupPart.BIND, SetupPart.PERMISSIONS}:
        parts.add(SetupPart.BOOT)
    return frozenset(parts - {SetupPart.BOOT} if now else parts)


def own_program() -> str:
    """The absolute path of aeron-dpdk, for a unit that runs without the user's PATH."""
    called = os.path.abspath(sys.argv[0])
    if os.path.basename(called) == "aeron-dpdk" and os.access(called, os.X_OK):
        return called
    return shutil.which("aeron-dpdk") or "/usr/bin/aeron-dpdk"


def changeable_of(system: System, program: str) -> str | None:
    """One of our own files that users other than root may change: the command, its Python, its package."""
    names = (program, sys.executable, aeron_dpdk.__file__)
    return changeable_part(system, [each for name in names for each in (name, os.path.realpath(name))])


def run_plan(system: System, request: SetupRequest, *, dry_run: bool, yes: bool) -> bool:
    """Whether everything requested is in effect now. Raises an error of the machine kind."""
    facts = read_facts(system, system.network())
    plan = make_plan(facts, request)
    steps = steps_of(plan.changes, system)
    show_plan(plan, steps)
    if dry_run or not steps:
        return not dry_run
    if facts.session.uid != 0:
        raise RefusedError("changing the machine takes root", "run the same with sudo")
    if not yes:
        click.confirm("Do that?", abort=True)
    with opened_journal(system) as journal:
        apply(steps, system, journal, click.echo)
    click.echo(f"Done, {len(steps)} steps, each verified. To undo all of it: aeron-dpdk setup --undo")
    return True


def show_plan(plan: Plan, steps: Sequence[Step]) -> None:
    for note in plan.notes:
        click.echo(f"note: {note}")
    for number, step in enumerate(steps, start=1):
        click.echo(f"{number:3}. {step}\n     ({step.change.why})")
    if not steps:
        click.echo("Nothing to do: everything asked for is already in place.")


def show_next(facts: Facts, request: SetupRequest) -> None:
    """The command that starts the driver on what has been set up, with one interface per NIC."""
    bound = [nic for nic in facts.nics if nic.is_for_dpdk]
    if not bound:
        return
    root = "" if request.user is not None else "sudo --preserve-env "
    allowed = " ".join(f"-a {allow_argument(nic)}" for nic in bound)
    addresses = "".join(f"{each} " for each in missing_addresses(facts, bound))
    click.echo(f"Start the driver with: {addresses}{root}aeronmd_dpdk {allowed}")


def missing_addresses(facts: Facts, bound: Sequence[Nic]) -> Iterator[str]:
    """The settings to add unless setup has saved an address of each NIC: all of them, because those saved
    would be numbered without the others."""
    saved = [nic.addresses if (nic := facts.saved_of(each)) is not None else () for each in bound]
    if all(saved):
        return
    for number, found in enumerate(saved):
        yield from _settings_of(number, found[0] if found else None)
    further = [(port, each) for port, found in enumerate(saved) for each in found[1:]]
    for number, (port, each) in enumerate(further, len(saved)):
        yield f"{_named('port_id', number)}={port}"
        yield from _settings_of(number, each)


def _settings_of(number: int, saved: SavedAddress | None) -> Iterator[str]:
    yield f"{_named('local_ipv4_address', number)}={saved.ipv4 if saved else 'ADDRESS/PREFIX'}"
    if saved is not None and saved.gateway is not None:
        yield f"{_named('gateway_ipv4_address', number)}={saved.gateway}"
    if saved is not None and saved.own.vlan:
        yield f"{_named('vlan', number)}={Vlan(saved.own.vlan, saved.own.vlan_priority)}"


def _named(field: str, number: int) -> str:
    return next(each for each in INTERFACE_TABLE if each.field == field).name_of(number)


def run_undo(system: System, dry_run: bool) -> None:
    """Raises JournalError and UndoError."""
    with opened_journal(system) as journal:
        if not journal.entries:
            click.echo("Nothing to undo: setup has changed nothing here.")
        elif dry_run:
            for entry in reversed(journal.entries):
                resource = entry.resource
                seen, before = resource.show(resource.read(system)), resource.show(entry.before)
                click.echo(f"{resource.name()}: {seen} -> {before}")
        else:
            is_all_back = undo_all(system, journal, click.echo)
            rest = "" if is_all_back else ", except what is named above"
            click.echo(f"Undone: all that setup changed is as it was before the first setup{rest}.")
