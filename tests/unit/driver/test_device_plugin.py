"""The NIC that an SR-IOV device plugin gave to the container, from its PCIDEVICE_ variable."""

import pytest

from aeron_dpdk.driver.device_plugin import with_given_device
from aeron_dpdk.errors import SettingConflictError, SettingValueError

NAME = "PCIDEVICE_INTEL_COM_AERON_VF"
NIC = "0000:81:02.1"
INFO = {f"{NAME}_INFO": '{"0000:81:02.1":{"generic":{"deviceID":"0000:81:02.1"}}}'}


def test_the_nic_given_is_the_one_allowed() -> None:
    assert with_given_device({NAME: NIC, **INFO}, ("--in-memory",)) == ("--in-memory", f"-a{NIC}")


def test_an_address_with_a_long_domain_and_capitals_is_one() -> None:
    assert with_given_device({NAME: "10001:0A:00.0"}, ()) == ("-a10001:0a:00.0",)


@pytest.mark.parametrize("environment", [{}, {NAME: ""}, INFO, {"PCIDEVICES": NIC}])
def test_without_a_nic_given_nothing_is_added(environment: dict[str, str]) -> None:
    assert with_given_device(environment, ("-l0",)) == ("-l0",)


@pytest.mark.parametrize(
    "chosen", ["-a0000:01:00.0", "--allow=01:00.0", "-b01:00.0", "--vdev=net_null0", "--no-pci"]
)
def test_devices_chosen_on_the_command_line_win(chosen: str) -> None:
    assert with_given_device({NAME: NIC}, (chosen,)) == (chosen,)


def test_one_nic_under_two_resources_is_one_nic() -> None:
    assert with_given_device({NAME: NIC, "PCIDEVICE_OTHER": NIC}, ()) == (f"-a{NIC}",)


@pytest.mark.parametrize(
    "environment", [{NAME: f"{NIC},0000:81:02.2"}, {NAME: NIC, "PCIDEVICE_OTHER": "0000:81:02.2"}]
)
def test_two_nics_are_refused_by_their_names(environment: dict[str, str]) -> None:
    with pytest.raises(
        SettingConflictError, match=rf"gives 2 NICs, {NIC} \({NAME}\), 0000:81:02.2 .*-a ADDRESS"
    ):
        with_given_device(environment, ())


@pytest.mark.parametrize("value", ["eth0", "81:02.1", "0000:81:02.1,", "0000:81:02.9"])
def test_what_is_no_pci_address_is_refused_with_its_variable(value: str) -> None:
    with pytest.raises(SettingValueError, match=NAME):
        with_given_device({NAME: value}, ())
