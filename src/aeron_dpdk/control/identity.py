"""Who the port is on its link."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from aeron_dpdk.control.routing import Route
from aeron_dpdk.wire.ethernet import Mac


@dataclass(frozen=True, slots=True)
class Identity:
    mac: Mac
    route: Route

    @property
    def ipv4(self) -> IPv4Address:
        return self.route.local
