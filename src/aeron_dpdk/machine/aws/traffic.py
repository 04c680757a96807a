"""Does traffic flow? Judged from a running driver's gateway and counts."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeron_dpdk.machine.findings.finding import Check, Finding

ARP = Check("aws.arp", "on EC2 the VPC itself answers ARP at once: silence means that frames do not pass")
TRAFFIC = Check(
    "aws.traffic", "datagrams that leave while none arrive are, on EC2, nearly always a security group"
)
ADDRESSES = (
    "give AERON_DPDK_LOCAL_IPV4_ADDRESS the network interface's own address and prefix, and "
    "AERON_DPDK_GATEWAY_IPV4_ADDRESS the second address of its subnet"
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """`gateway` is the interface's, None for none; `silent` are next hops in use that answer no ARP now. The
    counts are since the driver started: of datagrams sent, and of what came from peers."""

    gateway: str | None
    silent: tuple[str, ...]
    sent: int
    received: int


def judge(traffic: Traffic, interface: str | None = None) -> Iterator[Finding]:
    """`interface` is named in the findings' ids, where a driver has several."""
    arp, check = (ARP.of(interface), TRAFFIC.of(interface)) if interface else (ARP, TRAFFIC)
    yield _judge_arp(arp, traffic)
    if traffic.received > 0:
        yield check.passed(f"{traffic.received} datagrams from peers, {traffic.sent} sent")
    elif traffic.sent > 0:
        yield check.fail(
            f"{traffic.sent} datagrams sent and none received",
            "let the security group accept UDP from itself: aws ec2 authorize-security-group-ingress "
            "--group-id GROUP --protocol udp --port 0-65535 --source-group GROUP; is a peer there?",
        )
    else:
        yield check.note("no datagram was sent or received yet", "start a client, and look again")


def _judge_arp(check: Check, traffic: Traffic) -> Finding:
    if traffic.gateway in traffic.silent:
        return check.fail(f"the gateway {traffic.gateway} does not answer", ADDRESSES)
    if traffic.silent:
        return check.fail(f"next hops that do not answer: {', '.join(traffic.silent)}", ADDRESSES)
    if traffic.gateway is not None:
        return check.passed(f"the gateway {traffic.gateway} answers")
    return check.note("no gateway is set, so none was asked", "set AERON_DPDK_GATEWAY_IPV4_ADDRESS")
