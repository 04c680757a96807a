"""The NICs that an SR-IOV device plugin gave to the container, from its PCIDEVICE_ variables."""

from collections.abc import Mapping, Sequence

import pytest

from aeron_dpdk.driver.command_line import split_command_line
from aeron_dpdk.driver.device_plugin import check_each_has_an_interface, given_devices, port_ids
from aeron_dpdk.driver.main import read_settings
from aeron_dpdk.driver.settings import Settings, make_settings
from aeron_dpdk.errors import SettingConflictError, SettingValueError

NAME = "PCIDEVICE_INTEL_COM_AERON_VF"
NIC = "0000:81:02.1"
INFO = {f"{NAME}_INFO": '{"0000:81:02.1":{"generic":{"deviceID":"0000:81:02.1"}}}'}


SECOND = "0000:81:02.2"


def addresses(environment: Mapping[str, str], eal_arguments: Sequence[str] = ()) -> list[str]:
    return [each.address for each in given_devices(environment, eal_arguments)]


def interfaces(count: int) -> Settings:
    names = ("AERON_DPDK_LOCAL_IPV4_ADDRESS", "AERON_DPDK_1_LOCAL_IPV4_ADDRESS")
    return make_settings({name: f"10.0.{number}.5/24" for number, name in enumerate(names[:count])})


def test_the_nic_that_was_given_is_the_one_that_eal_may_use() -> None:
    assert addresses({NAME: NIC, **INFO}) == [NIC]


def test_an_address_with_a_long_domain_and_capitals_is_accepted() -> None:
    assert addresses({NAME: "10001:0A:00.0"}) == ["10001:0a:00.0"]


@pytest.mark.parametrize("environment", [{}, {NAME: ""}, INFO, {"PCIDEVICES": NIC}])
def test_without_a_nic_given_nothing_is_added(environment: dict[str, str]) -> None:
    assert addresses(environment, ("-l0",)) == []


@pytest.mark.parametrize(
    "chosen", ["-a0000:01:00.0", "--allow=01:00.0", "-b01:00.0", "--vdev=net_null0", "--no-pci"]
)
def test_devices_chosen_on_the_command_line_win(chosen: str) -> None:
    assert addresses({NAME: NIC}, (chosen,)) == []


def test_one_nic_under_two_resources_is_one_nic() -> None:
    assert addresses({NAME: NIC, "PCIDEVICE_OTHER": NIC}) == [NIC]


def test_two_nics_are_two_interfaces_in_the_order_of_their_resources() -> None:
    environment = {"PCIDEVICE_FEED_B": NIC, "PCIDEVICE_FEED_A": SECOND}
    given = given_devices(environment, ())
    assert [(each.address, each.variable) for each in given] == [
        (SECOND, "PCIDEVICE_FEED_A"),
        (NIC, "PCIDEVICE_FEED_B"),
    ]
    assert port_ids(given) == (1, 0)
    check_each_has_an_interface(given, interfaces(2))


def test_the_command_line_allows_both_and_each_interface_gets_its_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "PCIDEVICE_FEED_B": NIC,
        "PCIDEVICE_FEED_A": SECOND,
        "AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5/24",
        "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "10.0.1.5/24",
    }.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(split_command_line(["-l0"]))
    assert settings.eal_arguments == ("-l0", f"-a{SECOND}", f"-a{NIC}")
    assert [each.port_id for each in settings.interfaces] == [1, 0]


@pytest.mark.parametrize("environment", [{NAME: f"{NIC},{SECOND}"}, {NAME: NIC, "PCIDEVICE_OTHER": SECOND}])
def test_a_second_nic_that_no_interface_is_set_for_is_refused_by_its_name(
    environment: dict[str, str],
) -> None:
    given = given_devices(environment, ())
    with pytest.raises(
        SettingConflictError,
        match=rf"gives 2 NICs, {NIC} \({NAME}\), {SECOND} .*of 1 port: .*-a ADDRESS",
    ):
        check_each_has_an_interface(given, interfaces(1))


def test_one_nic_goes_with_any_settings() -> None:
    check_each_has_an_interface(given_devices({NAME: NIC}, ()), interfaces(2))


@pytest.mark.parametrize("value", ["eth0", "81:02.1", "0000:81:02.1,", "0000:81:02.9"])
def test_what_is_no_pci_address_is_refused_with_its_variable(value: str) -> None:
    with pytest.raises(SettingValueError, match=NAME):
        given_devices({NAME: value}, ())
