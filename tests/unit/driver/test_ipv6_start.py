"""A start with IPv6 ends if another host has our address; addresses that setup saved never end it."""

import logging
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Interface
from pathlib import Path

import pytest
from tests.unit.control.fakes import OTHER_MAC
from tests.unit.control.ipv6_testbed import ALL_NODES, LINK_LOCAL, OURS6, advertisement
from tests.unit.driver.fakes import FakeParts, settings_in
from tests.unit.driver.test_start_up import run

from aeron_dpdk.control.data_plane import FrameReceived
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.driver.texts import ready_text
from aeron_dpdk.errors import PortError
from aeron_dpdk.exit_code import ExitCode

OWN = IPv6Interface("fd00::1/64")
IN_USE = FrameReceived(advertisement(OURS6, OTHER_MAC, ALL_NODES, solicited=False).emit())


def with_ipv6(tmp_path: Path, **fields: object) -> Settings:
    settings = settings_in(tmp_path)
    first = replace(settings.interfaces[0], local_ipv6_address=(OWN,), **fields)  # type: ignore[arg-type]
    return replace(settings, interfaces=(first,))


def test_without_an_address_the_port_has_no_ipv6(tmp_path: Path) -> None:
    fake = FakeParts()
    run(settings_in(tmp_path), fake)
    assert fake.stack_settings is not None and not fake.stack_settings.ipv6
    assert fake.ipv6_addresses == []


def test_the_driver_is_ready_once_its_addresses_are_known_to_be_its_own(tmp_path: Path) -> None:
    fake = FakeParts()
    [ready] = run(with_ipv6(tmp_path), fake)
    assert fake.stack_settings is not None and fake.stack_settings.ipv6
    assert fake.ipv6_addresses == [OWN, IPv6Interface((LINK_LOCAL, 64))]
    assert f", {OWN} at " in ready_text(ready)


def test_an_address_that_another_has_ends_the_start_with_both_and_a_remedy(tmp_path: Path) -> None:
    fake = FakeParts(probed=(IN_USE,))
    with pytest.raises(PortError) as caught:
        run(with_ipv6(tmp_path), fake)
    assert str(caught.value) == (
        f"the DPDK port failed, {OTHER_MAC} on the link has our address {OURS6} already: change one of "
        "the two addresses, ours with AERON_DPDK_LOCAL_IPV6_ADDRESS."
    )
    assert caught.value.exit_code is ExitCode.PORT
    assert fake.log[-3:] == ["close driver", "close stack", "close eal"]


def test_a_device_that_hears_no_multicast_ends_a_start_with_addresses_that_are_set(tmp_path: Path) -> None:
    with pytest.raises(PortError, match="hears no multicast"):
        run(with_ipv6(tmp_path), FakeParts(hears_multicast=False))


def test_a_start_with_addresses_that_setup_saved_goes_on_without_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeParts(hears_multicast=False)
    settings = with_ipv6(tmp_path, has_saved_ipv6=True, gateway_ipv6_address=IPv6Address("fe80::fe"))
    with caplog.at_level(logging.WARNING):
        assert run(settings, fake)
    assert (
        "starting without IPv6, although setup saved IPv6 addresses: the device hears no multicast"
        in caplog.text
    )


def test_a_stop_while_the_addresses_are_probed_ends_the_start(tmp_path: Path) -> None:
    assert run(with_ipv6(tmp_path), FakeParts(terminated=True)) == []
