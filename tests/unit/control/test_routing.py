import csv
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from aeron_dpdk.control.routing import NoNextHop, Routing

CASES = Path(__file__).parents[2] / "routing_cases.csv"

with CASES.open(newline="") as file:
    rows = list(csv.DictReader(file))


def route_of(row: dict[str, str]) -> Routing:
    gateway = IPv4Address(row["gateway"]) if row["gateway"] else None
    return Routing(IPv4Address(row["local"]), int(row["prefix"]), gateway)


@pytest.mark.parametrize("row", rows, ids=lambda row: "-".join(filter(None, row.values())))
def test_next_hop_is_the_one_in_the_table_shared_with_the_data_path(row: dict[str, str]) -> None:
    next_hop = route_of(row).next_hop(IPv4Address(row["destination"]))
    assert (next_hop.value if isinstance(next_hop, NoNextHop) else str(next_hop)) == row["next_hop"]


@pytest.mark.parametrize("row", rows, ids=lambda row: "-".join(filter(None, row.values())))
def test_only_an_address_that_is_its_own_next_hop_is_a_neighbour(row: dict[str, str]) -> None:
    is_neighbour = route_of(row).is_neighbour(IPv4Address(row["destination"]))
    assert is_neighbour == (row["next_hop"] == row["destination"])
