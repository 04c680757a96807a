"""Which ENI becomes DPDK's."""

from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from tests.hosts.recorded import facts_of

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.aws import NetworkInterface, Traffic, choose, judge, match
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.saved_nic import SavedNic

GATEWAY = "172.31.16.1"
PRIMARY = NetworkInterface("06:0a:aa:00:00:01", "eni-1", 0, 0, IPv4Interface("172.31.16.10/20"), ("sg-1",))
SECOND = NetworkInterface("06:0a:aa:00:00:02", "eni-2", 1, 0, IPv4Interface("172.31.16.20/20"), ("sg-1",))


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return facts_of("aws-c6in", tmp_path)


def test_the_secondary_interface_is_chosen_and_matched_to_its_pci_device(facts: Facts) -> None:
    chosen = choose(match(facts, (PRIMARY, SECOND)))
    assert chosen.nic is not None and chosen.nic.address == "0000:00:06.0"


def test_the_first_interface_of_a_second_network_card_is_not_primary(facts: Facts) -> None:
    other_card = replace(SECOND, device_number=0, network_card=1)
    assert choose(match(facts, (PRIMARY, other_card))).interface is other_card


def test_a_nic_that_dpdk_has_already_is_found_by_what_was_saved(facts: Facts) -> None:
    nic = facts.nics[1]
    saved = SavedNic(nic.address, "ena", facts.network["ens6"])
    bound = replace(nic, driver="vfio-pci", interfaces=())
    facts = replace(facts, nics=(facts.nics[0], bound), saved_nics=(saved,))
    assert choose(match(facts, (PRIMARY, SECOND))).nic is bound


@pytest.mark.parametrize("name", ["eni-3", "0000:00:06.0", "ens6"])
def test_one_of_several_is_chosen_by_any_of_its_names(name: str, facts: Facts) -> None:
    third = replace(SECOND, mac="06:0a:aa:00:00:03", interface_id="eni-3", device_number=2)
    if name == "eni-3":
        facts = replace(
            facts, network={**facts.network, "ens5": replace(facts.network["ens5"], mac=third.mac)}
        )
    chosen = choose(match(facts, (PRIMARY, SECOND, third)), name)
    assert chosen.interface is (third if name == "eni-3" else SECOND)


def test_no_choice_is_made_for_the_operator(facts: Facts) -> None:
    third = replace(SECOND, mac="06:0a:aa:00:00:03", interface_id="eni-3", device_number=2)
    with pytest.raises(RefusedError, match="several secondary interfaces"):
        choose(match(facts, (PRIMARY, SECOND, third)))


def test_an_instance_with_one_interface_is_told_to_get_a_second(facts: Facts) -> None:
    with pytest.raises(RefusedError, match="attach a second"):
        choose(match(facts, (PRIMARY,)))


def test_an_interface_without_a_device_is_refused(facts: Facts) -> None:
    with pytest.raises(RefusedError, match="no PCI device here has"):
        choose(match(facts, (PRIMARY, replace(SECOND, mac="06:0a:aa:00:00:ff"))))


@pytest.mark.parametrize(
    ("traffic", "arp", "flow"),
    [
        (Traffic(None, (), sent=0, received=0), "NOTE", "NOTE"),
        (Traffic(GATEWAY, (), sent=0, received=0), "PASS", "NOTE"),
        (Traffic(GATEWAY, (), sent=9, received=9), "PASS", "PASS"),
        (Traffic(GATEWAY, (), sent=9, received=0), "PASS", "FAIL"),
        (Traffic(GATEWAY, (GATEWAY,), sent=0, received=0), "FAIL", "NOTE"),
        (Traffic(GATEWAY, ("172.31.16.9",), sent=3, received=0), "FAIL", "FAIL"),
    ],
)
def test_traffic_one_way_only_points_to_the_security_group(traffic: Traffic, arp: str, flow: str) -> None:
    findings = tuple(judge(traffic))
    assert [finding.status for finding in findings] == [arp, flow]
    assert flow != "FAIL" or "security group" in findings[1].remedy
