"""A driver that is given no address takes the one that setup saved."""

from ipaddress import IPv4Address

import pytest

from aeron_dpdk.driver.saved_address import values_of
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.settings import make_settings
from aeron_dpdk.errors import SettingMissingError
from aeron_dpdk.machine.facts.interface import Address, Interface, Route
from aeron_dpdk.machine.facts.saved_nic import SavedNic


def saved(pci: str, cidr: str, gateway: str | None = None) -> SavedNic:
    routes = (Route("0.0.0.0/0", gateway),) if gateway else ()
    interface = Interface("ens6", "06:00:00:00:00:01", 9001, False, False, (Address(cidr),), routes)
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
    assert values_of([ONE], arguments) == OF_ONE


def test_of_several_nics_the_allowed_one_counts() -> None:
    assert values_of([ONE, OTHER], ["-a0000:00:06.0"]) == OF_ONE
    assert values_of([ONE, OTHER], ["-a00:07.0"]).keys() == {"local_ipv4_address", "mtu"}


@pytest.mark.parametrize(
    ("nics", "arguments"),
    [
        ([ONE, OTHER], []),
        ([ONE], ["-a0000:00:07.0"]),
        ([ONE], ["--no-pci"]),
        ([ONE], ["--vdev=net_memif0"]),
        ([saved("0000:00:06.0", "fd00::1/64")], []),
        ([], []),
    ],
)
def test_without_exactly_one_nic_nothing_is_assumed(nics: list[SavedNic], arguments: list[str]) -> None:
    assert values_of(nics, arguments) == {}


def test_settings_without_an_address_take_the_saved_values() -> None:
    settings = make_settings({}, when_unaddressed=OF_ONE)
    assert str(settings.local_ipv4_address) == "10.1.2.3/24" and settings.mtu == 9001


def test_what_is_set_wins_over_what_was_saved() -> None:
    environment = {"AERON_DPDK_MTU": "1500", "AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.1.2.9"}
    settings = make_settings(environment, when_unaddressed=OF_ONE)
    assert (settings.mtu, str(settings.gateway_ipv4_address)) == (1500, "10.1.2.9")


def test_an_address_that_is_set_stands_alone() -> None:
    environment = {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "192.168.0.2"}
    settings = make_settings(environment, when_unaddressed=OF_ONE)
    assert settings.mtu is None and settings.gateway_ipv4_address is None


def test_without_any_address_the_setting_is_asked_for() -> None:
    with pytest.raises(SettingMissingError):
        make_settings({}, when_unaddressed={})
