"""A driver that is given no address takes the one that setup saved."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from aeron_dpdk.driver.saved_address import values_of
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.settings import make_settings
from aeron_dpdk.errors import SettingMissingError
from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route
from aeron_dpdk.machine.facts.saved_nic import SavedNic, from_json, to_json
from aeron_dpdk.seam import Vlan


def saved(pci: str, cidr: str, gateway: str | None = None) -> SavedNic:
    routes = (Route("0.0.0.0/0", gateway),) if gateway else ()
    interface = KernelInterface(
        "ens6", "06:00:00:00:00:01", 9001, False, False, (InterfaceAddress(cidr),), routes
    )
    return SavedNic(pci, "ena", interface)


ONE = saved("0000:00:06.0", "10.1.2.3/24", "10.1.2.1")
OTHER = saved("0000:00:07.0", "10.1.3.3/24")
OF_ONE = {
    "local_ipv4_address": LocalAddress(IPv4Address("10.1.2.3"), 24),
    "gateway_ipv4_address": IPv4Address("10.1.2.1"),
    "mtu": 9001,
}


@pytest.mark.parametrize("arguments", [(), ("-a0000:00:06.0",), ("--allow=00:06.0,llq_policy=1",)])
def test_address_gateway_and_mtu_are_those_of_the_nic(arguments: tuple[str, ...]) -> None:
    assert values_of([ONE], arguments) == (OF_ONE,)


def test_of_a_vlan_on_the_nic_its_address_and_its_tag_are_taken() -> None:
    vlan = replace(ONE.interface, name="ens6.100", mtu=1500, vlan=100, vlan_priority=5)
    nic = replace(ONE, interface=replace(ONE.interface, addresses=(), routes=(), vlans=(vlan,)))
    assert from_json(to_json(nic)) == nic
    assert values_of([nic], ()) == ({**OF_ONE, "mtu": 1500, "vlan": Vlan(100, 5)},)


def trunk(pci: str) -> SavedNic:
    """A NIC with two addresses, and one more in a VLAN."""
    vlan = KernelInterface(
        "ens6.100", "06:00:00:00:00:01", 1500, False, False, (InterfaceAddress("10.1.9.3/24"),), vlan=100
    )
    one = saved(pci, "10.1.2.3/24", "10.1.2.1")
    addresses = (*one.interface.addresses, InterfaceAddress("10.1.2.4/24"))
    return replace(one, interface=replace(one.interface, addresses=addresses, vlans=(vlan,)))


def test_of_a_nic_with_several_addresses_and_vlans_each_is_an_interface_on_its_port() -> None:
    values = values_of([trunk("0000:00:06.0")], ())
    interfaces = make_settings({"AERON_DPDK_PORT_ID": "3"}, when_unaddressed=values).interfaces
    found = [(str(each.local_ipv4_address), each.port_id, each.vlan, each.mtu) for each in interfaces]
    assert found == [
        ("10.1.2.3/24", 3, None, 9001),
        ("10.1.2.4/24", 3, None, 9001),
        ("10.1.9.3/24", 3, Vlan(100), 1500),
    ]


def test_further_interfaces_come_after_the_first_of_each_nic_and_have_the_mtu_set_for_their_nic() -> None:
    values = values_of([trunk("0000:00:06.0"), OTHER], ())
    interfaces = make_settings({"AERON_DPDK_MTU": "1400"}, when_unaddressed=values).interfaces
    found = [(str(each.local_ipv4_address), each.port_id, each.mtu) for each in interfaces]
    assert found == [
        ("10.1.2.3/24", 0, 1400),
        ("10.1.3.3/24", 1, 9001),
        ("10.1.2.4/24", 0, 1400),
        ("10.1.9.3/24", 0, 1400),
    ]


def test_of_several_nics_the_allowed_one_counts() -> None:
    assert values_of([ONE, OTHER], ["-a0000:00:06.0"]) == (OF_ONE,)
    (of_other,) = values_of([ONE, OTHER], ["-a00:07.0"])
    assert of_other.keys() == {"local_ipv4_address", "mtu"}


def test_several_nics_are_as_many_interfaces_each_on_the_port_that_dpdk_finds_it_as() -> None:
    found = ["0000:00:06.0", "0000:00:05.0", "0000:00:07.0"]
    first, second = values_of([OTHER, ONE], [], found)
    assert first == {**OF_ONE, "port_id": 1}
    assert second["port_id"] == 2
    settings = make_settings({"AERON_DPDK_1_MTU": "1500"}, when_unaddressed=(first, second))
    assert [(str(each.local_ipv4_address), each.mtu) for each in settings.interfaces] == [
        ("10.1.2.3/24", 9001),
        ("10.1.3.3/24", 1500),
    ]


def test_the_order_of_ports_is_that_of_the_bus_and_not_of_the_command_line_or_the_alphabet() -> None:
    far, near = saved("10000:00:01.0", "10.1.4.3/24"), saved("2000:00:01.0", "10.1.5.3/24")
    both = values_of([far, near], ["-a10000:00:01.0", "-a00:05.0", "-a2000:00:01.0"])
    assert [(str(each["local_ipv4_address"]), each["port_id"]) for each in both] == [
        ("10.1.5.3/24", 1),
        ("10.1.4.3/24", 2),
    ]


def test_of_more_than_eight_nics_the_first_eight_are_used() -> None:
    many = [saved(f"0000:00:{number:02x}.0", f"10.1.{number}.3/24") for number in range(1, 11)]
    assert [each["port_id"] for each in values_of(many, [])] == list(range(8))


def test_one_address_that_is_set_leaves_the_other_nics_alone() -> None:
    saved_values = values_of([ONE, OTHER], [])
    alone = make_settings({"AERON_DPDK_LOCAL_IPV4_ADDRESS": "192.168.0.2"}, when_unaddressed=saved_values)
    assert [str(each.local_ipv4_address) for each in alone.interfaces] == ["192.168.0.2"]


def test_an_interface_without_an_address_takes_the_nic_of_its_number() -> None:
    saved_values = values_of([ONE, OTHER], [])
    for setting, expected in (
        ({"AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "192.168.0.2"}, ["10.1.2.3/24", "192.168.0.2"]),
        (
            {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "192.168.0.2", "AERON_DPDK_1_MTU": "1500"},
            ["192.168.0.2", "10.1.3.3/24"],
        ),
    ):
        settings = make_settings(setting, when_unaddressed=saved_values)
        assert [str(each.local_ipv4_address) for each in settings.interfaces] == expected


@pytest.mark.parametrize(
    ("nics", "arguments"),
    [
        ([ONE], ["-a0000:00:07.0"]),
        ([ONE], ["--no-pci"]),
        ([ONE], ["--vdev=net_memif0"]),
        ([saved("0000:00:06.0", "fd00::1/64")], []),
        ([], []),
    ],
)
def test_without_a_nic_nothing_is_assumed(nics: list[SavedNic], arguments: list[str]) -> None:
    assert values_of(nics, arguments) == ()


def test_settings_without_an_address_take_the_saved_values() -> None:
    settings = make_settings({}, when_unaddressed=[OF_ONE]).interfaces[0]
    assert str(settings.local_ipv4_address) == "10.1.2.3/24" and settings.mtu == 9001


def test_what_is_set_wins_over_what_was_saved() -> None:
    environment = {"AERON_DPDK_MTU": "1500", "AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.1.2.9"}
    settings = make_settings(environment, when_unaddressed=[OF_ONE]).interfaces[0]
    assert (settings.mtu, str(settings.gateway_ipv4_address)) == (1500, "10.1.2.9")


def test_an_address_that_is_set_is_not_combined_with_saved_values() -> None:
    environment = {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "192.168.0.2"}
    settings = make_settings(environment, when_unaddressed=[OF_ONE]).interfaces[0]
    assert settings.mtu is None and settings.gateway_ipv4_address is None


def test_without_any_address_the_setting_is_asked_for() -> None:
    with pytest.raises(SettingMissingError):
        make_settings({}, when_unaddressed=())


def with_ipv6(*addresses: InterfaceAddress, gateway: str | None = None) -> SavedNic:
    routes = (Route("0.0.0.0/0", "10.1.2.1"), *((Route("::/0", gateway),) if gateway else ()))
    interface = KernelInterface(
        "ens6", "06:00:00:00:00:01", 9001, False, False, (InterfaceAddress("10.1.2.3/24"), *addresses), routes
    )
    return SavedNic("0000:00:06.0", "ena", interface)


PERMANENT, OTHER_PERMANENT = InterfaceAddress("fd00::5/64"), InterfaceAddress("2001:db8::5/64")
EXPIRING, EXPIRING_SOONER = (
    InterfaceAddress("fd00::6/64", None, None, 9000, 8000),
    InterfaceAddress("fd00::7/64", None, None, 900, 800),
)


@pytest.mark.parametrize(
    ("nic", "expected"),
    [
        (with_ipv6(PERMANENT, EXPIRING, OTHER_PERMANENT), (["fd00::5/64", "2001:db8::5/64"], None)),
        (with_ipv6(EXPIRING_SOONER, EXPIRING, gateway="fe80::1"), (["fd00::6/64"], "fe80::1")),
        (with_ipv6(PERMANENT, gateway="fd00::1"), (["fd00::5/64"], "fd00::1")),
        (with_ipv6(PERMANENT, gateway="fd09::1"), (["fd00::5/64"], None)),
    ],
    ids=["permanent addresses", "the longest lifetime", "a gateway on the link", "a gateway off the link"],
)
def test_ipv6_addresses_and_gateway_are_those_of_the_nic(
    nic: SavedNic, expected: tuple[list[str], str | None]
) -> None:
    settings = make_settings({}, when_unaddressed=values_of([nic], [])).interfaces[0]
    addresses, gateway = expected
    assert [str(each) for each in settings.local_ipv6_address] == addresses
    assert settings.gateway_ipv6_address == (IPv6Address(gateway) if gateway else None)
    assert settings.has_saved_ipv6


def test_ipv6_addresses_that_are_set_go_without_the_saved_gateway() -> None:
    saved_values = values_of([with_ipv6(PERMANENT, gateway="fd00::1")], [])
    made = make_settings({"AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd09::5"}, when_unaddressed=saved_values)
    settings = made.interfaces[0]
    assert str(settings.local_ipv4_address) == "10.1.2.3/24"
    assert settings.gateway_ipv6_address is None and not settings.has_saved_ipv6
