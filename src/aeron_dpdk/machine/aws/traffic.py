"""Does traffic flow? Judged from a running driver's counters."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeron_dpdk.machine.findings.finding import Check, Finding

ARP = Check("aws.arp", "on EC2 the VPC itself answers ARP at once: silence means that frames do not pass")
TRAFFIC = Check(
    "aws.traffic", "packets that leave while none arrive are, on EC2, nearly always a security group"
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counts since the driver started."""

    received: int
    sent: int
    arp_requests: int
    arp_failures: int


def judge(traffic: Traffic) -> Iterator[Finding]:
    if traffic.arp_failures > 0:
        yield ARP.fail(
            f"{traffic.arp_failures} of {traffic.arp_requests} ARP requests stayed without an answer",
            "give AERON_DPDK_LOCAL_IPV4_ADDRESS the network interface's own address and prefix, and "
            "AERON_DPDK_GATEWAY_IPV4_ADDRESS the second address of its subnet",
        )
    elif traffic.arp_requests > 0:
        yield ARP.passed(f"{traffic.arp_requests} ARP requests, each answered")
    else:
        yield ARP.note("nothing asked yet: the driver asks once there is something to send")
    if traffic.sent > 0 and traffic.received == 0:
        yield TRAFFIC.fail(
            f"{traffic.sent} packets sent and none received",
            "let the security group accept UDP from itself: aws ec2 authorize-security-group-ingress "
            "--group-id GROUP --protocol udp --port 0-65535 --source-group GROUP",
        )
    elif traffic.received > 0:
        yield TRAFFIC.passed(f"{traffic.received} packets received, {traffic.sent} sent")
    else:
        yield TRAFFIC.note("no packets yet")
