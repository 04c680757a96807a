"""`aeron-dpdk aws`: from a fresh EC2 instance to traffic."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import click
from rich.console import Console

from aeron_dpdk.driver.aeron_settings import read_aeron_settings
from aeron_dpdk.driver.setting_table import MAX_INTERFACES
from aeron_dpdk.machine import aws as ec2
from aeron_dpdk.machine.aws import URL, Metadata, NetworkInterface, Traffic, judge
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.facts.nics import DPDK_DRIVERS, Nic
from aeron_dpdk.machine.findings.finding import worst
from aeron_dpdk.machine.findings.nics import find_active
from aeron_dpdk.machine.intent import Intent, SetupPart, SetupRequest
from aeron_dpdk.machine.plan.choice import allow_argument
from aeron_dpdk.observe.request import ask_gateway
from aeron_dpdk.observe.view import InterfaceView
from aeron_dpdk.tools.doctor import EXIT_CODES, show
from aeron_dpdk.tools.host import dpdk_release, environment_with, this_host
from aeron_dpdk.tools.setup import changeable_of, own_program, run_plan, size_kib

OWN_ANSWERS = ("arp-replies-sent", "icmp-echo-replies", "icmp-unreachable", "icmp-fragmentation-needed")
IGNORED = ("arp-ignored", "icmp-ignored", "control-malformed", "control-rate-limited")
# Counts of frames that are not UDP datagrams for us.
NO_DATAGRAM = (
    "rx-truncated",
    "rx-not-our-vlan",
    "rx-not-our-mac",
    "rx-ethertype",
    "rx-ipv4-header",
    "rx-fragment",
    "rx-not-our-address",
    "rx-martian-source",
    "rx-protocol",
)
AERON_DIR = "/dev/shm/aeron-${USER}"  # expanded by the shell, as on the product page


@click.group()
def aws() -> None:
    """Set up on Amazon EC2.

    Addresses and gateway come from the instance metadata.
    """


@aws.command()
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--nic", metavar="NIC", help="Which secondary interface: ENI id, PCI address or name.")
@click.option(
    "--driver", type=click.Choice(DPDK_DRIVERS), help="Use this driver, not the best that works here."
)
@click.option("--huge-memory", type=size_kib, metavar="SIZE", help="Huge pages to reserve, for example 1G.")
@click.option("--metadata-url", default=URL, show_default=True, help="URL of the metadata service.")
def setup(  # noqa: PLR0913 - one parameter for each option
    dry_run: bool, yes: bool, nic: str | None, driver: str | None, huge_memory: int | None, metadata_url: str
) -> None:
    """Give the secondary network interface to DPDK.

    Sets up all that DPDK needs for it."""
    system = this_host()
    metadata = Metadata(metadata_url)
    if metadata.uses_version_1:
        click.echo(
            "note: the metadata service offers version 1 only here; require tokens (IMDSv2) if you can"
        )
    facts = read_facts(system, system.network())
    enis = ec2.match(facts, metadata.interfaces())
    for eni in enis:
        click.echo(f"found: {ec2.describe(eni)}")
    chosen = ec2.choose(enis, nic)
    assert chosen.nic is not None
    click.echo(f"chosen: {ec2.describe(chosen)}, gateway {chosen.interface.gateway}")
    request = SetupRequest(
        parts=frozenset(SetupPart),
        nics=(chosen.nic.address,),
        driver=driver,
        huge_kib=huge_memory,
        program=own_program(),
        changeable=changeable_of(system, own_program()),
        dpdk=dpdk_release(),
    )
    if not run_plan(system, request, dry_run=dry_run, yes=yes):
        return
    taken = read_facts(system, system.network()).nic(chosen.nic.address)
    assert taken is not None
    click.echo("Start the driver with:")
    for line in start_lines(chosen.interface, taken):
        click.echo(f"  {line}")
    click.echo(f"Once it runs: sudo aeron-dpdk aws verify --aeron-dir {AERON_DIR}")


def start_lines(interface: NetworkInterface, nic: Nic) -> Iterator[str]:
    """The product page's own command lines, with this instance's values."""
    yield "export AERON_DPDK_USER=${USER}"
    yield "export AERON_DPDK_GROUP=$(id -g -n ${USER})"
    yield f"export AERON_DIR={AERON_DIR}"
    yield f"export AERON_DPDK_LOCAL_IPV4_ADDRESS={interface.address}"
    yield f"export AERON_DPDK_GATEWAY_IPV4_ADDRESS={interface.gateway}"
    for number, own in enumerate(interface.further_addresses[: MAX_INTERFACES - 1], 1):
        yield f"# for the interface's address {own.ip} too: export AERON_DPDK_{number}_PORT_ID=0 \\"
        yield f"#   AERON_DPDK_{number}_LOCAL_IPV4_ADDRESS={own} \\"
        yield f"#   AERON_DPDK_{number}_GATEWAY_IPV4_ADDRESS={interface.gateway}"
    yield f"sudo --preserve-env aeronmd_dpdk -l 0 -a {allow_argument(nic)}"


@aws.command()
@click.option("--aeron-dir", type=click.Path(path_type=Path), help="The running driver's Aeron directory.")
def verify(aeron_dir: Path | None) -> None:
    """Check a running driver.

    Looks at ARP, write-combining, and traffic in both directions."""
    from aeron_dpdk.observe.cnc import Cnc  # noqa: PLC0415 - the other commands work without the native half
    from aeron_dpdk.observe.counts import counts_in  # noqa: PLC0415 - as above

    directory = aeron_dir or Path(read_aeron_settings(environment_with(())).directory)
    with Cnc(directory) as cnc:
        driver = ask_gateway(directory)
        counts = counts_in(cnc.counters(), len(driver.interfaces))
    host = this_host()
    facts = read_facts(host, host.network())
    several = len(driver.interfaces) > 1
    judged = (
        finding
        for interface, own in zip(driver.interfaces, counts, strict=True)
        for finding in judge(traffic_from(interface, own.by_name()), interface.name if several else None)
    )
    findings = (*judged, *find_active(facts, Intent()))
    show(findings, True, Console(highlight=False))
    raise SystemExit(EXIT_CODES.get(worst(findings), 0))


def traffic_from(interface: InterfaceView, counts: Mapping[str, int]) -> Traffic:
    """What the driver sends on its own behalf is not traffic, nor are the answers to that. There is at
    most one such answer for each ARP request, so, after two announcements, a peer counts as heard from its
    third datagram on."""

    def total(names: Iterable[str]) -> int:
        return sum(counts.get(name, 0) for name in names)

    asked = total(("arp-requests-sent",))
    not_from_peers = asked + total(OWN_ANSWERS) + total(IGNORED) + total(NO_DATAGRAM)
    return Traffic(
        gateway=interface.address.gateway,
        silent=tuple(each.address for each in interface.neighbours if each.mac is None),
        sent=max(0, total(("tx-packets",)) - total(OWN_ANSWERS) - asked),
        received=max(0, total(("rx-packets",)) - not_from_peers),
    )


@aws.command()
def template() -> None:
    """Print a CloudFormation template.

    It has two instances side by side, each with an interface for DPDK."""
    click.echo(files("aeron_dpdk.tools").joinpath("aws_template.yaml").read_text(), nl=False)
