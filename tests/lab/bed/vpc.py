"""A network that behaves as a VPC does, around a guest of two NICs, and the other instance in it.

Hosts of the subnet never see each other's ARP: the network answers for each of them itself, and carries
packets between them. The subnet's second address is its router's. The security group drops datagrams without
a word.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.bed.guest import Guest
from tests.lab.bed.hardware import Nic
from tests.system.bed.namespace import Namespace
from tests.system.bed.process import ChildProcess
from tests.system.bed.topology import End, join, namespaces

PREFIX_LENGTH = 20
SUBNET = "172.31.16.0/20"
GATEWAY = "172.31.16.1"
LOGIN, AERON, OTHER = "172.31.16.10", "172.31.16.20", "172.31.16.30"
METADATA = "169.254.169.254"
MACS = "/latest/meta-data/network/interfaces/macs/"
CLOSED = ("priority", "10", "ipproto", "udp", "blackhole")
SERVICE = Path(__file__).with_name("metadata_service.py")


@dataclass(frozen=True, slots=True)
class Vpc:
    network: Namespace
    other: End
    """The other instance, of which the kernel has the address."""
    pages: Path
    nics: tuple[Nic, Nic]

    def attach(self, count: int) -> None:
        """What the metadata say: the first `count` interfaces."""
        owned = tuple(zip(self.nics, (LOGIN, AERON), strict=True))[:count]
        pages = {MACS: "\n".join(f"{nic.mac}/" for nic, _ in owned)}
        for number, (nic, address) in enumerate(owned):
            about = {
                "local-ipv4s": address,
                "subnet-ipv4-cidr-block": SUBNET,
                "interface-id": f"eni-{number}",
                "device-number": str(number),
                "network-card-index": "0",
                "security-group-ids": "sg-1",
            }
            pages |= {f"{MACS}{nic.mac}/{name}": text for name, text in about.items()}
        self.pages.write_text(json.dumps(pages))

    @contextmanager
    def closed_security_group(self) -> Iterator[None]:
        self.network.ip("rule", "add", *CLOSED)
        try:
            yield
        finally:
            self.network.ip("rule", "delete", *CLOSED)


@contextmanager
def vpc(guest: Guest, nics: tuple[Nic, Nic], scratch: Path) -> Iterator[Vpc]:
    network = guest.outside
    with namespaces("vpc-other") as (place,):
        other = End(place, "eth0", "02:ad:00:00:99:01", OTHER, PREFIX_LENGTH, GATEWAY)
        join(other, End(network, "other", "02:ad:00:00:99:02", GATEWAY, 32))
        network.ip("address", "add", f"{METADATA}/32", "dev", "lo")
        network.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        ports = {nics[0].tap: LOGIN, nics[1].tap: AERON, "other": OTHER}
        for port, address in ports.items():
            answers = (f"net.ipv4.conf.{port}.proxy_arp=1", f"net.ipv4.neigh.{port}.proxy_delay=0")
            network.run("sysctl", "-qw", *answers, f"net.ipv4.conf.{port}.send_redirects=0")
            network.ip("route", "add", f"{address}/32", "dev", port)
        made = Vpc(network, other, scratch / "metadata.json", nics)
        made.attach(2)
        service = ChildProcess(network.command(sys.executable, "-I", "-S", str(SERVICE), str(made.pages)))
        try:
            assert service.next_line(20.0) == "metadata service is ready", service.output
            yield made
        finally:
            service.kill()
