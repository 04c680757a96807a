"""Where settings come from, which source wins, and how a bad one is reported."""

import dataclasses
from ipaddress import IPv4Address, IPv6Address, IPv6Interface

import pytest

from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.properties import Property
from aeron_dpdk.driver.setting_table import DRIVER_TABLE, INTERFACE_TABLE, SETTING_TABLE
from aeron_dpdk.driver.setting_values import LocalAddress, text
from aeron_dpdk.driver.settings import Settings, make_settings
from aeron_dpdk.errors import (
    SettingConflictError,
    SettingMissingError,
    SettingValueError,
    UnknownSettingError,
)
from aeron_dpdk.seam import KernelSockets, Vlan

OWN = {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5/24"}

# Values of the public benchmark scripts, which must work unchanged.
BENCHMARK = {
    "AERON_DPDK_USER": "mike",
    "AERON_DPDK_GROUP": "mike",
    "AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5",
    "AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.0.0.1",
    "AERON_DPDK_PORT_ID": "1",
    "AERON_DPDK_MTU": "8K",
    "AERON_DPDK_RX_QUEUE_SIZE": "2048",
    "AERON_DPDK_TX_QUEUE_SIZE": "1024",
    "AERON_DPDK_TX_MEMPOOL_PER_QUEUE": "true",
    "AERON_DPDK_TX_MEMPOOL_OPS": "ring_mp_mc",
    "AERON_DPDK_RX_MEMPOOL_OPS": "ring_mp_mc",
    "AERON_DPDK_TX_MEMPOOL_CACHE_SIZE": "512",
    "AERON_DPDK_RX_MEMPOOL_CACHE_SIZE": "512",
    "AERON_DPDK_THREADS_FROM_CGROUP": "TRUE",
}


def test_every_setting_of_the_contract_is_read() -> None:
    first = InterfaceSettings(
        local_ipv4_address=LocalAddress(IPv4Address("10.0.0.5"), None),
        gateway_ipv4_address=IPv4Address("10.0.0.1"),
        port_id=1,
        mtu=8192,
        rx_queue_size=2048,
        tx_queue_size=1024,
    )
    assert make_settings(BENCHMARK) == Settings(
        interfaces=(first,),
        user="mike",
        group="mike",
        tx_mempool_per_queue=True,
        tx_mempool_ops="ring_mp_mc",
        rx_mempool_ops="ring_mp_mc",
        tx_mempool_cache_size=512,
        rx_mempool_cache_size=512,
        threads_from_cgroup=True,
    )


def test_the_table_names_the_settings_of_the_contract_and_our_own() -> None:
    assert {setting.name for setting in SETTING_TABLE} == {
        *BENCHMARK,
        "AERON_DPDK_LOG_FORMAT",
        "AERON_DPDK_KERNEL_SOCKETS",
        "AERON_DPDK_FRAGMENTS",
        "AERON_DPDK_VLAN",
        "AERON_DPDK_LOCAL_IPV6_ADDRESS",
        "AERON_DPDK_GATEWAY_IPV6_ADDRESS",
    }
    assert {setting.field for setting in DRIVER_TABLE} == {
        field.name for field in dataclasses.fields(Settings)
    } - {"interfaces", "eal_arguments", "environment"}
    assert {setting.field for setting in INTERFACE_TABLE} == {
        field.name for field in dataclasses.fields(InterfaceSettings)
    } - {"has_saved_ipv6", "number"}


def test_empty_means_unset() -> None:
    environment = {name: "" for name in BENCHMARK} | OWN
    assert make_settings(environment) == Settings(
        (InterfaceSettings(LocalAddress(IPv4Address("10.0.0.5"), 24)),)
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("none", KernelSockets.NONE),
        (" Loopback ", KernelSockets.LOOPBACK),
        ("ALL", KernelSockets.ALL),
        ("", KernelSockets.LOOPBACK),
    ],
)
def test_what_the_kernel_carries_is_named_by_a_word_in_any_case(value: str, expected: KernelSockets) -> None:
    assert make_settings(OWN | {"AERON_DPDK_KERNEL_SOCKETS": value}).kernel_sockets is expected


@pytest.mark.parametrize(
    ("value", "tag"), [("1", 1), ("4094", 0xFFE), (" 100:0 ", 100), ("100:5", 0xA064), ("4094:7", 0xEFFE)]
)
def test_a_vlan_is_a_number_and_perhaps_a_priority(value: str, tag: int) -> None:
    vlan = make_settings(OWN | {"AERON_DPDK_VLAN": value}).interfaces[0].vlan
    assert vlan is not None and vlan.tag == tag
    assert Vlan.of_tag(tag) == vlan


@pytest.mark.parametrize("value", ["0", "4095", "-1", "100:8", "100:", ":5", "100.5", "eth0.100", "100:5:1"])
def test_an_invalid_vlan_is_refused_with_what_it_must_be(value: str) -> None:
    with pytest.raises(SettingValueError, match="a VLAN from 1 to 4094, such as 100, or with a priority"):
        make_settings(OWN | {"AERON_DPDK_VLAN": value})


def test_the_last_property_wins_over_the_first_and_any_over_the_environment() -> None:
    low, bench = Property("AERON_DPDK_MTU", "1500", "low:1"), Property("AERON_DPDK_MTU", "9000", "bench:1")
    assert make_settings(OWN | {"AERON_DPDK_MTU": "1000"}, [low, bench]).interfaces[0].mtu == 9000


def test_an_empty_property_unsets_a_variable() -> None:
    settings = make_settings(OWN | {"AERON_DIR": "/x"}, [Property("AERON_DIR", "", "f:1")])
    assert settings.environment == {"AERON_DIR": None}


def test_properties_reach_c_through_the_environment_and_nothing_else_changes() -> None:
    properties = [Property("AERON_MTU_LENGTH", "8K", "f:1"), Property("FOO", "bar", "f:2")]
    settings = make_settings(OWN | {"HOME": "/root", "AERON_MTU_LENGTH": "1408"}, properties)
    assert settings.environment == {"AERON_MTU_LENGTH": "8K", "FOO": "bar"}


def test_the_local_address_is_required() -> None:
    with pytest.raises(SettingMissingError, match="AERON_DPDK_LOCAL_IPV4_ADDRESS is not set"):
        make_settings({})


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("AERON_DPDK_LOCAL_IPV4_ADRESS", "AERON_DPDK_LOCAL_IPV4_ADDRESS"),
        ("AERON_DPDK_RX_QUEUES_SIZE", "AERON_DPDK_RX_QUEUE_SIZE"),
        ("AERON_DPDK_XYZZY", None),
    ],
)
def test_an_unknown_name_of_ours_is_refused_with_the_nearest_known_one(
    name: str, suggestion: str | None
) -> None:
    with pytest.raises(UnknownSettingError) as caught:
        make_settings(OWN | {name: "1"})
    assert (caught.value.name, caught.value.suggestion) == (name, suggestion)


def test_an_unknown_property_of_ours_is_refused_with_its_line() -> None:
    with pytest.raises(UnknownSettingError, match=r"AERON_DPDK_FOO \(low:7\)"):
        make_settings(OWN, [Property("AERON_DPDK_FOO", "1", "low:7")])


@pytest.mark.parametrize(
    "name",
    [
        "AERON_DPDK_PORT",
        "AERON_DPDK_SERVICE_HOST",
        "AERON_DPDK_PORT_40123_UDP_ADDR",
        "AERON_DPDK_ECHO_SERVICE_PORT",
    ],
)
def test_what_kubernetes_adds_for_a_service_called_aeron_dpdk_does_not_matter(name: str) -> None:
    assert make_settings(OWN | {name: "udp://10.1.2.3:40123"}) == make_settings(OWN)


# Any text may name a user, a group or mempool operations: the system and DPDK judge them.
@pytest.mark.parametrize("name", [each.name for each in SETTING_TABLE if each.parse is not text])
def test_a_bad_value_is_reported_with_name_value_and_source(name: str) -> None:
    with pytest.raises(SettingValueError) as caught:
        make_settings(OWN, [Property(name, "1.2.3.4.5", "low.properties:3")])
    assert str(caught.value).startswith(f'{name} is "1.2.3.4.5" (low.properties:3): it must be ')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MTU", "67"),
        ("MTU", "64k"),
        ("MTU", "-1"),
        ("MTU", "1500x"),
        ("MTU", "k"),
        ("PORT_ID", "1k"),
        ("PORT_ID", "²"),
        ("RX_QUEUE_SIZE", "0"),
        ("RX_QUEUE_SIZE", "65536"),
        ("TX_MEMPOOL_CACHE_SIZE", "513"),
        ("TX_MEMPOOL_PER_QUEUE", "maybe"),
        ("LOCAL_IPV4_ADDRESS", "10.0.0.5/"),
        ("LOCAL_IPV4_ADDRESS", "10.0.0.5/0"),
        ("LOCAL_IPV4_ADDRESS", "10.0.0.5/33"),
        ("LOCAL_IPV4_ADDRESS", "10.0.0.0/24"),
        ("LOCAL_IPV4_ADDRESS", "10.0.0.255/24"),
        ("LOCAL_IPV4_ADDRESS", "224.0.0.1"),
        ("LOCAL_IPV4_ADDRESS", "127.0.0.1"),
        ("LOCAL_IPV4_ADDRESS", "0.0.0.0"),
        ("LOCAL_IPV4_ADDRESS", "255.255.255.255"),
        ("LOCAL_IPV4_ADDRESS", "fe80::1"),
        ("LOCAL_IPV6_ADDRESS", "10.0.0.5"),
        ("LOCAL_IPV6_ADDRESS", "fd00::5/"),
        ("LOCAL_IPV6_ADDRESS", "fd00::5/0"),
        ("LOCAL_IPV6_ADDRESS", "fd00::5/129"),
        ("LOCAL_IPV6_ADDRESS", "fd00::/64"),
        ("LOCAL_IPV6_ADDRESS", "fd00::"),
        ("LOCAL_IPV6_ADDRESS", "ff02::1"),
        ("LOCAL_IPV6_ADDRESS", "::1"),
        ("LOCAL_IPV6_ADDRESS", "::"),
        ("LOCAL_IPV6_ADDRESS", "::ffff:10.0.0.5"),
        ("LOCAL_IPV6_ADDRESS", "fe80::5%eth0"),
        ("LOCAL_IPV6_ADDRESS", "fd00::5,"),
        ("LOCAL_IPV6_ADDRESS", "fd00::5,fd00::5/64"),
        ("LOCAL_IPV6_ADDRESS", ",".join(f"fd00::{i}" for i in range(1, 9))),
        ("GATEWAY_IPV6_ADDRESS", "fe80::1/64"),
        ("GATEWAY_IPV6_ADDRESS", "10.0.0.1"),
        ("GATEWAY_IPV4_ADDRESS", "gateway"),
        ("GATEWAY_IPV4_ADDRESS", "10.0.0.1/24"),
    ],
)
def test_a_value_out_of_range_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingValueError):
        make_settings(OWN | {f"AERON_DPDK_{name}": value})


@pytest.mark.parametrize("value", ["10.0.0.5/31", "10.0.0.4/31", "10.0.0.5/32", " 10.0.0.5 "])
def test_addresses_at_the_edge_are_accepted(value: str) -> None:
    assert make_settings({"AERON_DPDK_LOCAL_IPV4_ADDRESS": value}).interfaces[0].local_ipv4_address


OWN6 = {"AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd00::5/48, fe80::5,2001:db8::5/127"}


def test_several_ipv6_addresses_are_separated_by_commas_and_have_64_bits_of_prefix_without_one() -> None:
    settings = make_settings(OWN | OWN6).interfaces[0]
    assert settings.local_ipv6_address == (
        IPv6Interface("fd00::5/48"),
        IPv6Interface("fe80::5/64"),
        IPv6Interface("2001:db8::5/127"),
    )
    assert settings.gateway_ipv6_address is None


@pytest.mark.parametrize("gateway", ["fe80::1", "fd00:0:0:9::1", "2001:db8::4"])
def test_an_ipv6_gateway_is_link_local_or_in_a_prefix(gateway: str) -> None:
    settings = make_settings(OWN | OWN6 | {"AERON_DPDK_GATEWAY_IPV6_ADDRESS": gateway}).interfaces[0]
    assert settings.gateway_ipv6_address == IPv6Address(gateway)


@pytest.mark.parametrize(
    "extra",
    [
        {"AERON_DPDK_GATEWAY_IPV6_ADDRESS": "fe80::1"},
        {**OWN6, "AERON_DPDK_GATEWAY_IPV6_ADDRESS": "fd00::5"},
        {**OWN6, "AERON_DPDK_GATEWAY_IPV6_ADDRESS": "2001:db8::6"},
        {**OWN6, "AERON_DPDK_MTU": "1279"},
        {"AERON_DPDK_GROUP": "wheel"},
        {"AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.0.1.1"},
        {"AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.0.0.5"},
    ],
)
def test_settings_that_exclude_each_other_are_refused(extra: dict[str, str]) -> None:
    with pytest.raises(SettingConflictError):
        make_settings(OWN | extra)


@pytest.mark.parametrize("local", ["10.0.0.5", "10.0.0.5/32"])
def test_any_gateway_is_accepted_when_the_prefix_is_unknown_or_one_host(local: str) -> None:
    environment = {
        "AERON_DPDK_LOCAL_IPV4_ADDRESS": local,
        "AERON_DPDK_GATEWAY_IPV4_ADDRESS": "192.168.0.1",
    }
    assert make_settings(environment).interfaces[0].gateway_ipv4_address == IPv4Address("192.168.0.1")
