"""Wires: two namespaces joined by a veth pair, by way of a router, or by way of a forger in user space."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.system.bed.namespace import Namespace, create, delete, run

OFFLOADS = ("tx", "rx", "gso", "gro", "tso")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a wire. `address` is in the kernel only where `is_kernel`; else a DPDK port owns it."""

    namespace: Namespace
    interface: str
    mac: str
    address: str
    prefix_length: int = 24
    gateway: str = ""
    is_kernel: bool = True

    @property
    def cidr(self) -> str:
        return f"{self.address}/{self.prefix_length}"

    @property
    def host_name(self) -> str:
        """A name that every namespace on the wire resolves to this end's address."""
        return f"{self.address.replace('.', '-')}.aeron.test"

    def take_address(self) -> None:
        self.namespace.ip("address", "add", self.cidr, "dev", self.interface)
        if self.gateway:
            self.namespace.ip("route", "add", "default", "via", self.gateway)


def join(left: End, right: End) -> None:
    """Make the veth pair. Checksums are computed before the wire, as a NIC would: a peer without the kernel's
    notion of a partial checksum is on the other end."""
    run("ip", "link", "add", left.interface, "netns", left.namespace.name, "address", left.mac,
        "type", "veth",
        "peer", "name", right.interface, "netns", right.namespace.name, "address", right.mac)  # fmt: skip
    for end in (left, right):
        switches = [word for offload in OFFLOADS for word in (offload, "off")]
        end.namespace.run("ethtool", "-K", end.interface, *switches)
        end.namespace.ip("link", "set", end.interface, "up")
        if end.is_kernel:
            end.take_address()


def take_ipv6(end: End, cidr: str) -> None:
    """Gives the kernel's end IPv6, which namespaces have none of: this address, and a link-local one."""
    switches = (f"net.ipv6.conf.{end.interface}.{name}" for name in ("accept_dad=0", "disable_ipv6=0"))
    end.namespace.run("sysctl", "-qw", *switches)
    end.namespace.ip("-6", "address", "add", cidr, "dev", end.interface, "nodad")


def introduce(left: End, right: End) -> None:
    """Let both ends know both host names (ip-netns(8): what is in /etc/netns/NAME appears under /etc)."""
    hosts = "".join(f"{end.address} {end.host_name}\n" for end in (left, right))
    for end in (left, right):
        end.namespace.configuration.mkdir(parents=True)
        (end.namespace.configuration / "hosts").write_text(f"127.0.0.1 localhost\n{hosts}")


@contextmanager
def namespaces(*labels: str) -> Iterator[tuple[Namespace, ...]]:
    made: list[Namespace] = []
    try:
        for label in labels:
            made.append(create(label))
        yield tuple(made)
    finally:
        for namespace in made:
            delete(namespace)


@dataclass(frozen=True, slots=True)
class Wire:
    ours: End
    peer: End
    router: End | None = None
    """The router's end towards us, where there is one."""


@contextmanager
def straight(label: str, *, is_ours_kernel: bool, is_peer_kernel: bool = True) -> Iterator[Wire]:
    with namespaces(f"{label}-ours", f"{label}-peer") as (left, right):
        wire = Wire(
            End(left, "port0", "02:ad:00:00:00:01", "10.91.0.1", is_kernel=is_ours_kernel),
            End(right, "eth0", "02:ad:00:00:00:02", "10.91.0.2", is_kernel=is_peer_kernel),
        )
        join(wire.ours, wire.peer)
        introduce(wire.ours, wire.peer)
        yield wire


@contextmanager
def routed(label: str, *, is_ours_kernel: bool) -> Iterator[Wire]:
    """ours 10.91.0.1 — 10.91.0.254 router 10.92.0.254 — 10.92.0.2 peer."""
    with namespaces(f"{label}-ours", f"{label}-router", f"{label}-peer") as (left, router, right):
        ours = End(
            left, "port0", "02:ad:00:00:00:01", "10.91.0.1", gateway="10.91.0.254", is_kernel=is_ours_kernel
        )
        peer = End(right, "eth0", "02:ad:00:00:00:02", "10.92.0.2", gateway="10.92.0.254")
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        towards_us = End(router, "left", "02:ad:00:00:00:fe", "10.91.0.254")
        join(ours, towards_us)
        join(peer, End(router, "right", "02:ad:00:00:00:ff", "10.92.0.254"))
        yield Wire(ours, peer, towards_us)


@dataclass(frozen=True, slots=True)
class SwitchedWire:
    """A wire through a switch, the kernel's bridge, with a third host that takes no part."""

    wire: Wire
    switch: Namespace
    bystander: End

    def members(self) -> dict[str, set[str]]:
        """The groups that the switch sends to each of its ports, by the port's name."""
        found: dict[str, set[str]] = {}
        for bridge in json.loads(self.switch.run("bridge", "-json", "mdb", "show")):
            for entry in bridge["mdb"]:
                found.setdefault(entry["port"], set()).add(entry["grp"])
        return found


@contextmanager
def switched(
    label: str, *, is_ours_kernel: bool, igmp_version: int = 3, mld_version: int | None = None
) -> Iterator[SwitchedWire]:
    """The switch sends a group only where IGMP, or with `mld_version` MLD, has asked for it, and asks itself
    once a second. Its intervals are in hundredths of a second."""
    with namespaces(*(f"{label}-{name}" for name in ("ours", "peer", "third", "switch"))) as made:
        left, right, third, switch = made
        ours = End(left, "port0", "02:ad:00:00:00:01", "10.91.0.1", is_kernel=is_ours_kernel)
        peer = End(right, "eth0", "02:ad:00:00:00:02", "10.91.0.2")
        bystander = End(third, "eth0", "02:ad:00:00:00:03", "10.91.0.3")
        switch.ip("link", "add", "bridge0", "type", "bridge", "mcast_snooping", "1",
                  "mcast_igmp_version", str(igmp_version), "mcast_query_interval", "100",
                  "mcast_startup_query_interval", "100", "mcast_query_response_interval", "50",
                  "mcast_last_member_interval", "20", "mcast_membership_interval", "300")  # fmt: skip
        if mld_version is not None:
            switch.ip("link", "set", "bridge0", "type", "bridge", "mcast_mld_version", str(mld_version))
            take_ipv6(End(switch, "bridge0", "", ""), "fd91::fe/64")
        # Only when its response interval is over does a new querier keep groups from who has not asked.
        switch.ip("link", "set", "bridge0", "type", "bridge", "mcast_querier", "1")
        for name, end in (("ours", ours), ("peer", peer), ("third", bystander)):
            join(end, End(switch, name, f"02:ad:00:00:0f:0{end.mac[-1]}", "", is_kernel=False))
            switch.ip("link", "set", name, "master", "bridge0")
        switch.ip("link", "set", "bridge0", "up")
        yield SwitchedWire(Wire(ours, peer), switch, bystander)


@dataclass(frozen=True, slots=True)
class TappedWire:
    """Both ends, and the interfaces in the middle that somebody must carry frames between."""

    wire: Wire
    middle: Namespace
    to_ours: str
    to_peer: str


@contextmanager
def tapped(label: str, *, is_ours_kernel: bool) -> Iterator[TappedWire]:
    with namespaces(f"{label}-ours", f"{label}-middle", f"{label}-peer") as (left, middle, right):
        ours = End(left, "port0", "02:ad:00:00:00:01", "10.91.0.1", is_kernel=is_ours_kernel)
        peer = End(right, "eth0", "02:ad:00:00:00:02", "10.91.0.2")
        join(ours, End(middle, "left", "02:ad:00:00:00:fe", "", is_kernel=False))
        join(peer, End(middle, "right", "02:ad:00:00:00:ff", "", is_kernel=False))
        yield TappedWire(Wire(ours, peer), middle, "left", "right")
