"""`aeron-dpdk devices`: the NICs, which driver has each, and which drivers could run it."""

import json

import click
from rich.console import Console
from rich.table import Table

from aeron_dpdk.machine.facts.machine import Facts, read_facts
from aeron_dpdk.machine.facts.nics import Nic, pmd_of
from aeron_dpdk.machine.findings.nics import why_not
from aeron_dpdk.tools.host import this_host

FILE_WIDTH = 200
GROUPS = ("DPDK-compatible driver", "kernel driver", "no driver")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def devices(as_json: bool) -> None:
    """List the PCI network devices and their drivers."""
    host = this_host()
    facts = read_facts(host, host.network())
    rows = [describe(facts, nic) for nic in facts.nics]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("There is no network device on the PCI bus.")
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    for group in GROUPS:
        here = [row for row in rows if row["group"] == group]
        if here:
            console.print(table_of(group, here))


def describe(facts: Facts, nic: Nic) -> dict[str, object]:
    """Addresses are the kernel's, or those saved when setup took the NIC from it."""
    saved = facts.saved_of(nic)
    interfaces = facts.interfaces_of(nic) or ((saved.interface,) if saved else ())
    return {
        "group": GROUPS[0] if nic.is_for_dpdk else GROUPS[1] if nic.driver else GROUPS[2],
        "pci": nic.address,
        "name": nic.name,
        "interfaces": [interface.name for interface in interfaces],
        "macs": [interface.mac for interface in interfaces],
        "addresses": [address.cidr for interface in interfaces for address in interface.addresses],
        "is_saved": not nic.interfaces and saved is not None,
        "has_link": any(interface.has_carrier for interface in interfaces) if nic.interfaces else None,
        "driver": nic.driver,
        "other_drivers": list(other_drivers(facts, nic)),
        "numa_node": nic.numa_node,
        "iommu_group": nic.iommu_group,
        "pmd": pmd_of(nic, saved.driver if saved else None),
        "in_use": None if nic.is_for_dpdk else why_not(facts, nic),
    }


def other_drivers(facts: Facts, nic: Nic) -> tuple[str, ...]:
    """Drivers other than the current one: the kernel's for it, and DPDK's that are loaded."""
    loaded = {"vfio_pci": "vfio-pci", "igb_uio": "igb_uio", "uio_pci_generic": "uio_pci_generic"}
    names = (*nic.modules, *(name for module, name in loaded.items() if facts.kernel.runs(module)))
    own = (nic.driver or "").replace("-", "_")  # module names have _ where driver names have - or _
    return tuple(name for name in names if name.replace("-", "_") != own)


def table_of(group: str, rows: list[dict[str, object]]) -> Table:
    table = Table(
        title=f"Network devices using {group}",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    for heading in ("PCI", "Interface", "Driver"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Address", "Link", "NUMA", "Group", "DPDK runs it with", "Name", "Note"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(row_cells(row)))
    return table


def row_cells(row: dict[str, object]) -> tuple[str, ...]:
    link = "?" if row["has_link"] is None else "yes" if row["has_link"] else "no"
    return (
        str(row["pci"]),
        _words(row["interfaces"]),
        _or_dash(row["driver"]),
        _words(row["addresses"]) + (" (saved)" if row["is_saved"] else ""),
        link,
        _or_dash(row["numa_node"]),
        _or_dash(row["iommu_group"]),
        _or_dash(row["pmd"]),
        str(row["name"]),
        str(row["in_use"] or ""),
    )


def _words(values: object) -> str:
    assert isinstance(values, list)
    return " ".join(map(str, values)) or "-"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)
