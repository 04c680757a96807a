"""An Amazon EC2 instance: the network interfaces that its metadata service (IMDS) tells of, which of them
DPDK may have, and whether traffic flows.

EC2 User Guide, "Use the Instance Metadata Service": version 2 wants a token, got with PUT. The answer to that
PUT carries the instance's hop limit as its TTL, 1 by default, so in a container it may never arrive.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from aeron_dpdk.errors.machine import MetadataError, RefusedError
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.findings.finding import Check, Finding

URL = "http://169.254.169.254"
TIMEOUT_S = 2.0
TOKEN_TTL_S = 300
MACS = "/latest/meta-data/network/interfaces/macs/"
TOKEN_HEADER = "X-aws-ec2-metadata-token"
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
# The answers of services with version 1 only to the PUT of a token.
_NO_VERSION_2 = (404, 405, 501)


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One elastic network interface (ENI). `device_number` is 0 for the primary one on its network card."""

    mac: str
    interface_id: str
    device_number: int
    network_card: int
    address: IPv4Interface
    security_groups: tuple[str, ...]
    further_addresses: tuple[IPv4Interface, ...] = ()

    @property
    def gateway(self) -> IPv4Address:
        """VPC User Guide, "Subnet CIDR blocks": the second address of a subnet is the VPC router's."""
        return self.address.network.network_address + 1

    @property
    def is_primary(self) -> bool:
        return self.device_number == 0 and self.network_card == 0


class _Timeout(Exception):
    """No answer in time."""


class Metadata:
    """A connection to the service at `url`, by version 2 if that is possible."""

    def __init__(self, url: str = URL, timeout_s: float = TIMEOUT_S) -> None:
        """Raises MetadataError."""
        self._url = url
        self._timeout_s = timeout_s
        self._opener = build_opener(ProxyHandler({}))
        self._headers: Mapping[str, str] = {}
        self.uses_version_1 = False
        self._connect()

    def interfaces(self) -> tuple[NetworkInterface, ...]:
        """By network card and device number. Raises MetadataError."""
        macs = self._get(MACS).split()
        found = (self._interface(mac.strip("/")) for mac in macs)
        return tuple(
            sorted((each for each in found if each), key=lambda e: (e.network_card, e.device_number))
        )

    def _connect(self) -> None:
        ttl = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_TTL_S)}
        try:
            token = self._ask("PUT", "/latest/api/token", ttl)
        except HTTPError as error:
            if error.code == _FORBIDDEN:
                raise MetadataError(
                    "the service is switched off for this instance",
                    "aws ec2 modify-instance-metadata-options --http-endpoint enabled",
                ) from None
            if error.code not in _NO_VERSION_2:
                raise _unusable(f"the request for a token returned HTTP {error.code}") from None
            self.uses_version_1 = True
        except _Timeout:
            self._explain_silence()
            self.uses_version_1 = True
        else:
            self._headers = {TOKEN_HEADER: token}

    def _explain_silence(self) -> None:
        """Returns if version 1 answers; otherwise raises MetadataError."""
        try:
            self._ask("GET", MACS, {})
        except HTTPError as error:
            if error.code == _UNAUTHORIZED:
                raise MetadataError(
                    "the service is there, but its answer to a token request does not reach us, as in a "
                    "container "
                    "one hop away",
                    "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2, or run on "
                    "the host",
                ) from None
            raise _unusable(f"HTTP {error.code}") from None
        except _Timeout:
            raise _unusable(f"no answer within {self._timeout_s:g} s") from None

    def _interface(self, mac: str) -> NetworkInterface | None:
        """None if it has no IPv4 address."""
        place = f"{MACS}{mac}/"
        addresses = self._get(f"{place}local-ipv4s", missing="").split()
        if not addresses:
            return None
        try:
            network = IPv4Network(self._get(f"{place}subnet-ipv4-cidr-block"))
            return NetworkInterface(
                mac=mac.lower(),
                interface_id=self._get(f"{place}interface-id"),
                device_number=int(self._get(f"{place}device-number")),
                network_card=int(self._get(f"{place}network-card-index", missing="0")),
                address=IPv4Interface((addresses[0], network.prefixlen)),
                security_groups=tuple(self._get(f"{place}security-group-ids", missing="").split()),
                further_addresses=tuple(IPv4Interface((each, network.prefixlen)) for each in addresses[1:]),
            )
        except ValueError as error:
            raise _unusable(f"{place}: {error}") from None

    def _get(self, path: str, missing: str | None = None) -> str:
        try:
            return self._ask("GET", path, self._headers)
        except HTTPError as error:
            if error.code == _NOT_FOUND and missing is not None:
                return missing
            if error.code == _UNAUTHORIZED:
                raise _unusable("it requires a token, and issued none") from None
            raise _unusable(f"{path} returned HTTP {error.code}") from None
        except _Timeout:
            raise _unusable(f"no answer for {path} within {self._timeout_s:g} s") from None

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        request = Request(self._url + path, method=method, headers=dict(headers))
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            error.close()  # Python 3.14 warns if that is left to it
            raise
        except TimeoutError:
            raise _Timeout from None
        except (URLError, OSError) as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                raise _Timeout from None
            raise _unusable(str(getattr(error, "reason", error))) from None


def _unusable(reason: str) -> MetadataError:
    return MetadataError(
        reason, "this works on an EC2 instance only; elsewhere use aeron-dpdk setup --nic ADDRESS"
    )


@dataclass(frozen=True, slots=True)
class Eni:
    """`nic` is None where no PCI device has that MAC address."""

    interface: NetworkInterface
    nic: Nic | None


def match(facts: Facts, interfaces: Sequence[NetworkInterface]) -> tuple[Eni, ...]:
    """Matches by MAC: that of the kernel's interface, or the one that setup saved when the NIC left the
    kernel."""
    by_mac: dict[str, Nic] = {}
    for nic in facts.nics:
        saved = facts.saved_of(nic)
        owned = facts.interfaces_of(nic) or ((saved.interface,) if saved else ())
        by_mac.update({interface.mac.lower(): nic for interface in owned})
    return tuple(Eni(interface, by_mac.get(interface.mac)) for interface in interfaces)


def choose(enis: Sequence[Eni], wanted: str | None = None) -> Eni:
    """The one named (ENI id, PCI address or interface), or the only one that is not primary. Raises
    RefusedError."""
    others = [eni for eni in enis if not eni.interface.is_primary]
    if wanted is not None:
        others = [eni for eni in others if wanted in _names(eni)]
    listing = "; ".join(describe(eni) for eni in enis) or "none"
    if not others:
        complaint = f"there is no secondary interface{f' {wanted}' if wanted else ''}, only: {listing}"
        raise RefusedError(
            complaint, "attach a second network interface to this instance (EC2 console, Actions)"
        )
    if len(others) > 1:
        raise RefusedError(f"there are several secondary interfaces: {listing}", "say which one with --nic")
    if others[0].nic is None:
        raise RefusedError(
            f"{describe(others[0])} has a MAC address that no PCI device here has",
            "if it is bound already, give it back first (aeron-dpdk setup --undo, or dpdk-devbind.py -b ena)",
        )
    return others[0]


def _names(eni: Eni) -> tuple[str, ...]:
    nic = eni.nic
    return (eni.interface.interface_id, *((nic.address, *nic.interfaces) if nic else ()))


def describe(eni: Eni) -> str:
    device = f"{eni.nic.address} {' '.join(eni.nic.interfaces)}".strip() if eni.nic else "no PCI device"
    kind = "primary" if eni.interface.is_primary else f"device {eni.interface.device_number}"
    return f"{eni.interface.interface_id} {eni.interface.address} ({kind}, {device})"


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
    """`gateway` is the interface's; `silent` are next hops in use that do not answer ARP now. The counts are
    those since the driver started: of datagrams sent, and of datagrams from peers."""

    gateway: str | None
    silent: tuple[str, ...]
    sent: int
    received: int


def judge(traffic: Traffic, interface: str | None = None) -> Iterator[Finding]:
    """If a driver has several interfaces, `interface` is named in the findings' ids."""
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
