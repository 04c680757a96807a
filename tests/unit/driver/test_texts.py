from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from tests.unit.driver.fakes import PORT, settings_in

from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.start_up import Ready
from aeron_dpdk.driver.texts import ready_text


def test_the_ready_line_says_where_what_and_who(tmp_path: Path) -> None:
    ready = Ready(settings_in(tmp_path), (PORT,), "DEDICATED", "/dev/shm/aeron-mike", 0, 4123456)
    assert ready_text(ready) == (
        "aeronmd_dpdk is ready: 10.0.0.5/24 at 02:00:00:00:00:01 on net_null port 0 (net_null0), mtu 1500, "
        "DEDICATED, /dev/shm/aeron-mike, as root:4123456"
    )


def test_the_ready_line_of_several_interfaces_names_each(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    second = InterfaceSettings(LocalAddress(IPv4Address("10.0.1.5"), 24), port_id=1, number=1)
    both = replace(settings, interfaces=(*settings.interfaces, second))
    other = replace(PORT, name="net_null1", mtu=9000)
    ready = Ready(both, (PORT, other), "DEDICATED", "/dev/shm/aeron-mike", 0, 4123456)
    assert ready_text(ready) == (
        "aeronmd_dpdk is ready: 10.0.0.5/24 at 02:00:00:00:00:01 on net_null port 0 (net_null0), mtu 1500 "
        "and 10.0.1.5/24 at 02:00:00:00:00:01 on net_null port 1 (net_null1), mtu 9000, "
        "DEDICATED, /dev/shm/aeron-mike, as root:4123456"
    )
