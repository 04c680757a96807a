"""VLANs on a NIC that setup takes: saved with it, and given back."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.hosts.recorded import facts_of

from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.network import vlan_of
from aeron_dpdk.machine.facts.saved_nic import from_json, place
from aeron_dpdk.machine.findings.nics import why_not
from aeron_dpdk.machine.intent import SetupRequest
from aeron_dpdk.machine.plan.make_plan import make_plan

BAR = "0000:48:00.0"


def with_vlans(facts: Facts, *vlans: KernelInterface) -> Facts:
    """Gives VLANs to the NIC at BAR, and removes its own address."""
    nic = replace(facts.network["enp72s0f0"], addresses=(), routes=(), vlans=vlans)
    return replace(facts, network={**facts.network, nic.name: nic, **{each.name: each for each in vlans}})


def test_a_vlan_is_saved_with_its_nic_and_comes_back_with_it(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    nic = facts.network["enp72s0f0"]
    vlan = replace(
        nic, name="enp72s0f0.100", lower=nic.name, vlan=100, addresses=(InterfaceAddress("10.9.0.5/24"),)
    )
    facts = with_vlans(facts, vlan)
    for name in ("enp72s0f0", "enp72s0f0.100", BAR):
        plan = make_plan(facts, SetupRequest(nics=(name,)))
        assert [each.resource.target for each in plan.changes if each.resource.kind == "pci-binding"] == [BAR]
    text = next(each.after["text"] for each in plan.changes if each.resource.target == place(BAR))
    assert [str(each.ipv4) for each in from_json(text).addresses] == ["10.9.0.5/24"]
    other = replace(vlan, name="enp72s0f0.200", vlan=200, addresses=(InterfaceAddress("10.9.1.5/24"),))
    plan = make_plan(with_vlans(facts, vlan, other), SetupRequest(nics=(BAR,)))
    text = next(each.after["text"] for each in plan.changes if each.resource.target == place(BAR))
    found = [(str(each.ipv4), each.own.vlan) for each in from_json(text).addresses]
    assert found == [("10.9.0.5/24", 100), ("10.9.1.5/24", 200)]


def test_a_vlan_that_carries_nothing_keeps_its_nic_free(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    nic = facts.network["enp72s0f0"]
    vlan = replace(nic, name="enp72s0f0.100", lower=nic.name, vlan=100, addresses=())
    found = facts.nic(BAR)
    assert found is not None and why_not(with_vlans(facts, vlan), found) is None


def link(**data: Any) -> dict[str, Any]:
    """A VLAN's attributes as netlink has them (IFLA_INFO_DATA)."""
    usual = {"vlan_id": 100, "vlan_protocol": 0x8100, "vlan_flags": {"flags": 1, "mask": 0xFFFFFFFF}}
    return {"linkinfo": {"kind": "vlan", "data": usual | data}}


def mappings(*pairs: tuple[int, int]) -> SimpleNamespace:
    found = [{"from": source, "to": target} for source, target in pairs]
    return SimpleNamespace(get_attrs=lambda name: found)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (link(), (100, 0)),
        (link(vlan_egress_qos=mappings((0, 5))), (100, 5)),
        (link(vlan_egress_qos=mappings((0, 5), (3, 6))), (None, 0)),
        (link(vlan_ingress_qos=mappings((5, 0))), (None, 0)),
        (link(vlan_protocol=0x88A8), (None, 0)),
        (link(vlan_flags={"flags": 3, "mask": 3}), (None, 0)),
        ({"linkinfo": {"kind": "macvlan", "data": {}}}, (None, 0)),
        ({}, (None, 0)),
    ],
)
def test_a_vlan_that_undo_could_not_restore_is_not_reported_as_one(
    message: dict[str, Any], expected: tuple[int | None, int]
) -> None:
    assert vlan_of(message) == expected
