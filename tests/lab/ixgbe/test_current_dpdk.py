"""A current DPDK on the model: what our driver will meet when distributions move on."""

from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.lab.bed.current_dpdk import icmp_echo
from tests.lab.bed.guest import Guest, settles
from tests.lab.bed.kernel import Kernel
from tests.lab.ixgbe.machine import IXGBE, queues_of_ports, with_82599
from tests.system.bed.namespace import packet_socket
from tests.system.bed.process import ChildProcess

STEERED, OTHER = 20121, 20122
RULE = (
    f"flow create 0 ingress pattern eth / ipv4 dst is {IXGBE.address} proto is 17 / udp dst is {STEERED} / "
    "end actions queue index 1 / end"
)


@pytest.fixture(scope="module")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with with_82599(guest_kernel, "ixn") as booted, booted.handed_over(IXGBE):
        yield booted


@pytest.fixture(scope="module")
def program(guest: Guest) -> Iterator[ChildProcess]:
    options = ("--rxq=2", "--txq=2", "--disable-rss")
    with icmp_echo(guest, IXGBE, *options, commands=(RULE,)) as process:
        yield process


def test_it_answers_pings(guest: Guest, program: ChildProcess) -> None:
    assert "net_ixgbe" in program.output
    assert " 2 received" in guest.outside.run("ping", "-c", "2", "-w", "60", IXGBE.address)


def test_its_flow_rule_steers_by_udp_port(guest: Guest, program: ChildProcess) -> None:
    assert "Flow rule #0 created" in program.output
    far = guest.far(IXGBE)
    with packet_socket(guest.outside, IXGBE.tap) as raw:
        for port in (STEERED, OTHER):
            datagram = IP(src=far.address, dst=IXGBE.address) / UDP(dport=port) / bytes(40)
            raw.send(bytes(Ether(src=far.mac, dst=IXGBE.mac) / datagram))
    settles(lambda: {STEERED, OTHER} <= queues_of_ports(guest).keys(), "both arrive")
    assert (queues_of_ports(guest)[STEERED], queues_of_ports(guest)[OTHER]) == ({1}, {0})
