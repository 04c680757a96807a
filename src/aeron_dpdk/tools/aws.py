"""`aeron-dpdk aws`: from a fresh EC2 instance to traffic."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import click
from rich.console import Console

from aeron_dpdk.driver.aeron_settings import read_aeron_settings
from aeron_dpdk.machine.aws import choice
from aeron_dpdk.machine.aws.metadata import URL, Metadata
from aeron_dpdk.machine.aws.traffic import Traffic, judge
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.findings import ena
from aeron_dpdk.machine.findings.finding import worst
from aeron_dpdk.machine.intent import Intent
from aeron_dpdk.machine.plan.wishes import Part, Wishes
from aeron_dpdk.tools.doctor import EXIT_CODES, show
from aeron_dpdk.tools.host import environment_with, this_host
from aeron_dpdk.tools.setup import own_program, run_plan, size_kib


@click.group()
def aws() -> None:
    """Set up on Amazon EC2, where the metadata know what a person would have to look up."""


@aws.command()
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--nic", metavar="NIC", help="Which secondary interface: ENI id, PCI address or name.")
@click.option("--huge-memory", type=size_kib, metavar="SIZE", help="Huge pages to reserve, as 1G.")
@click.option("--metadata-url", default=URL, show_default=True, help="Where the metadata service is.")
def setup(dry_run: bool, yes: bool, nic: str | None, huge_memory: int | None, metadata_url: str) -> None:
    """Give the secondary network interface to DPDK, with all that it takes."""
    system = this_host()
    metadata = Metadata(metadata_url)
    if metadata.uses_version_1:
        click.echo(
            "note: the metadata service speaks version 1 only here; require tokens (IMDSv2) if you can"
        )
    facts = read_facts(system, system.network())
    enis = choice.match(facts, metadata.interfaces())
    for eni in enis:
        click.echo(f"found: {choice.describe(eni)}")
    chosen = choice.choose(enis, nic)
    assert chosen.nic is not None
    click.echo(f"chosen: {choice.describe(chosen)}, gateway {chosen.interface.gateway}")
    wishes = Wishes(
        parts=frozenset(Part),
        nics=(chosen.nic.address,),
        huge_kib=huge_memory,
        program=own_program(),
    )
    run_plan(system, wishes, dry_run=dry_run, yes=yes)
    click.echo("Start the driver with:")
    for line in start_lines(chosen):
        click.echo(f"  {line}")
    click.echo("Once it runs: sudo aeron-dpdk aws verify")


def start_lines(eni: choice.Eni) -> Iterator[str]:
    """The product page's own lines, with the values of this instance."""
    assert eni.nic is not None
    yield "export AERON_DPDK_USER=${USER}"
    yield "export AERON_DPDK_GROUP=$(id -g -n ${USER})"
    yield "export AERON_DIR=/dev/shm/aeron-${USER}"
    yield f"export AERON_DPDK_LOCAL_IPV4_ADDRESS={eni.interface.address}"
    yield f"export AERON_DPDK_GATEWAY_IPV4_ADDRESS={eni.interface.gateway}"
    yield f"sudo --preserve-env aeronmd_dpdk -l 0 -a {eni.nic.address}"


@aws.command()
@click.option("--aeron-dir", type=click.Path(path_type=Path), help="The running driver's Aeron directory.")
def verify(aeron_dir: Path | None) -> None:
    """Look at a running driver: ARP, write-combining, traffic in both directions."""
    from aeron_dpdk.observe.cnc import Cnc  # noqa: PLC0415 - the other commands work without the native half

    directory = aeron_dir or Path(read_aeron_settings(environment_with(())).directory)
    with Cnc(directory) as cnc:
        counts = {counter.label: counter.value for counter in cnc.counters()}
    host = this_host()
    facts = read_facts(host, host.network())
    findings = (*judge(traffic_from(counts)), *ena.find_active(facts, Intent()))
    show(findings, True, Console(highlight=False))
    raise SystemExit(EXIT_CODES.get(worst(findings), 0))


def traffic_from(counts: dict[str, int]) -> Traffic:
    return Traffic(
        received=counts.get("dpdk-rx-packets", 0),
        sent=counts.get("dpdk-tx-packets", 0),
        arp_requests=counts.get("dpdk-arp-requests-sent", 0),
        arp_failures=counts.get("dpdk-arp-failed", 0),
    )


@aws.command()
def template() -> None:
    """Print a CloudFormation template: two instances, side by side, each with an interface for DPDK."""
    click.echo(files("aeron_dpdk.tools").joinpath("aws_template.yaml").read_text(), nl=False)
