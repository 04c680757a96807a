"""An address of either family."""

from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
