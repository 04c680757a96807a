"""Several interfaces in one driver: the same names with a number, from any source, and what is refused."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeron_dpdk.driver.interface_settings import InterfaceSettings, host_of, names_of, overlaps
from aeron_dpdk.driver.properties import Property, parse_properties
from aeron_dpdk.driver.setting_table import DRIVER_TABLE, INTERFACE_TABLE, MAX_INTERFACES
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.settings import make_settings
from aeron_dpdk.errors import (
    InterfaceGapError,
    InterfaceNumberError,
    SettingConflictError,
    SettingMissingError,
    SettingValueError,
    UnknownSettingError,
)
from aeron_dpdk.seam import Vlan

FEEDS = {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5/24", "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "10.0.1.5/24"}

# One good value for each setting of an interface, with what it becomes.
GOOD = {
    "GATEWAY_IPV4_ADDRESS": ("10.0.1.1", IPv4Address("10.0.1.1")),
    "LOCAL_IPV6_ADDRESS": ("fd01::5/64", (IPv6Interface("fd01::5/64"),)),
    "PORT_ID": ("7", 7),
    "VLAN": ("100:5", Vlan(100, 5)),
    "MTU": ("9000", 9000),
    "RX_QUEUE_SIZE": ("2048", 2048),
    "TX_QUEUE_SIZE": ("512", 512),
}


def local(text: str) -> LocalAddress:
    host, _, prefix = text.partition("/")
    return LocalAddress(IPv4Address(host), int(prefix) if prefix else None)


def test_a_further_interface_has_the_names_of_the_first_with_its_number() -> None:
    assert make_settings(FEEDS).interfaces == (
        InterfaceSettings(local("10.0.0.5/24")),
        InterfaceSettings(local("10.0.1.5/24"), port_id=1, number=1),
    )


def test_each_takes_the_port_of_its_number_unless_it_is_set() -> None:
    environment = {
        **FEEDS,
        "AERON_DPDK_PORT_ID": "2",
        "AERON_DPDK_2_LOCAL_IPV4_ADDRESS": "10.0.2.5",
        "AERON_DPDK_2_PORT_ID": "0",
    }
    assert [each.port_id for each in make_settings(environment).interfaces] == [2, 1, 0]


@pytest.mark.parametrize("setting", GOOD)
@pytest.mark.parametrize("number", range(1, MAX_INTERFACES))
def test_every_setting_of_an_interface_is_read_of_each(setting: str, number: int) -> None:
    environment = {
        f"AERON_DPDK_{i}_LOCAL_IPV4_ADDRESS".replace("_0_", "_"): f"10.0.{1 if i == number else 8 + i}.5/24"
        for i in range(number + 1)
    }
    text, value = GOOD[setting]
    interfaces = make_settings({**environment, f"AERON_DPDK_{number}_{setting}": text}).interfaces
    assert getattr(interfaces[number], setting.lower()) == value
    assert [getattr(each, setting.lower()) for each in interfaces].count(value) == 1


def test_no_setting_of_an_interface_is_left_out_above() -> None:
    others = {"local_ipv4_address", "gateway_ipv6_address"}
    assert {name.lower() for name in GOOD} | others == {each.field for each in INTERFACE_TABLE}


def test_a_property_file_names_them_in_the_same_way_and_the_last_value_wins() -> None:
    text = "aeron.dpdk.1.local.ipv4.address=10.0.3.5/24\naeron.dpdk.1.mtu=9000\n"
    environment = {**FEEDS, "AERON_DPDK_1_MTU": "1500"}
    second = make_settings(environment, parse_properties(text, "feeds.properties")).interfaces[1]
    assert (second.local_ipv4_address, second.mtu) == (local("10.0.3.5/24"), 9000)


def test_an_empty_value_leaves_the_interface_out() -> None:
    names = (each.name_of(1) for each in INTERFACE_TABLE)
    assert make_settings({**dict.fromkeys(names, ""), "AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5/24"}) == (
        make_settings({"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5/24"})
    )


def test_what_kubernetes_adds_for_a_service_called_aeron_dpdk_1_makes_no_interface() -> None:
    added = {"AERON_DPDK_1_SERVICE_HOST": "10.1.2.3", "AERON_DPDK_1_PORT": "tcp://10.1.2.3:80"}
    assert len(make_settings({"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5", **added}).interfaces) == 1


# ---- refused ----


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AERON_DPDK_0_MTU", "has a number, but the first interface has none: name it AERON_DPDK_MTU."),
        ("AERON_DPDK_8_MTU", "is for none of the 8 interfaces that a driver can have: number the further "
                             "ones from 1 to 7, as in AERON_DPDK_1_MTU."),
        ("AERON_DPDK_01_MTU", "is for none of the 8 interfaces"),
        ("AERON_DPDK_1_USER", "belongs to the driver, not to an interface: name it AERON_DPDK_USER."),
        ("AERON_DPDK_0_FRAGMENTS", "belongs to the driver, not to an interface"),
    ],
)  # fmt: skip
def test_a_number_that_no_interface_has_is_refused_with_the_right_name(name: str, said: str) -> None:
    with pytest.raises(InterfaceNumberError) as caught:
        make_settings(FEEDS, [Property(name, "1500", "f:3")])
    assert f"{name} (f:3) {said}" in str(caught.value)


@pytest.mark.parametrize("setting", DRIVER_TABLE, ids=lambda each: each.field)
def test_no_setting_of_the_driver_has_a_number(setting: object) -> None:
    with pytest.raises(InterfaceNumberError):
        make_settings({**FEEDS, setting.name_of(1): "1"})  # type: ignore[attr-defined]


def test_an_unknown_name_with_a_number_is_refused_with_the_nearest_one_of_that_interface() -> None:
    with pytest.raises(UnknownSettingError, match="did you mean AERON_DPDK_1_GATEWAY_IPV4_ADDRESS"):
        make_settings({**FEEDS, "AERON_DPDK_1_GATEWAY_IPV4_ADRESS": "10.0.1.1"})


def test_numbers_have_no_gap() -> None:
    with pytest.raises(InterfaceGapError) as caught:
        make_settings({**FEEDS, "AERON_DPDK_3_MTU": "1500"})
    assert str(caught.value) == (
        "AERON_DPDK_3_MTU is set, but nothing is set for interface 2: number the interfaces without gaps: "
        "AERON_DPDK_2_LOCAL_IPV4_ADDRESS comes next."
    )


def test_an_interface_without_an_address_is_refused_with_the_setting_that_names_it() -> None:
    with pytest.raises(SettingMissingError) as caught:
        make_settings({**FEEDS, "AERON_DPDK_2_MTU": "1500"})
    assert str(caught.value).startswith(
        "AERON_DPDK_2_LOCAL_IPV4_ADDRESS is not set, so interface 2, which AERON_DPDK_2_MTU belongs to, has "
        "no address: set AERON_DPDK_2_LOCAL_IPV4_ADDRESS"
    )


def test_the_first_interface_needs_an_address_whatever_others_have() -> None:
    with pytest.raises(SettingMissingError, match="^AERON_DPDK_LOCAL_IPV4_ADDRESS is not set"):
        make_settings({"AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "10.0.1.5"})


def test_a_bad_value_is_reported_with_the_numbered_name() -> None:
    with pytest.raises(SettingValueError, match='AERON_DPDK_1_MTU is "tall"'):
        make_settings({**FEEDS, "AERON_DPDK_1_MTU": "tall"})


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "10.0.0.5/16"},
         "AERON_DPDK_LOCAL_IPV4_ADDRESS and AERON_DPDK_1_LOCAL_IPV4_ADDRESS are both 10.0.0.5"),
        ({"AERON_DPDK_1_PORT_ID": "0", "AERON_DPDK_1_RX_QUEUE_SIZE": "512"},
         "AERON_DPDK_1_RX_QUEUE_SIZE is set, but interface 1 shares the port of interface 0"),
        ({"AERON_DPDK_1_PORT_ID": "0", "AERON_DPDK_1_LOCAL_IPV6_ADDRESS": "fd00::6"},
         "AERON_DPDK_1_LOCAL_IPV6_ADDRESS is set, but interface 1 is another IPv4 address of interface 0"),
        ({"AERON_DPDK_LOCAL_IPV6_ADDRESS": "fe80::5,fd00::5", "AERON_DPDK_1_LOCAL_IPV6_ADDRESS": "fe80::5"},
         "AERON_DPDK_LOCAL_IPV6_ADDRESS and AERON_DPDK_1_LOCAL_IPV6_ADDRESS are both fe80::5"),
        ({"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.1.6/24", "AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.0.1.5"},
         "AERON_DPDK_GATEWAY_IPV4_ADDRESS 10.0.1.5 is our own address, of AERON_DPDK_1_LOCAL_IPV4_ADDRESS"),
        ({"AERON_DPDK_1_GATEWAY_IPV4_ADDRESS": "10.0.2.1"},
         "AERON_DPDK_1_GATEWAY_IPV4_ADDRESS 10.0.2.1 is not in 10.0.1.0/24"),
        ({"AERON_DPDK_1_GATEWAY_IPV6_ADDRESS": "fe80::1"},
         "AERON_DPDK_1_GATEWAY_IPV6_ADDRESS is fe80::1 but AERON_DPDK_1_LOCAL_IPV6_ADDRESS is not set"),
        ({"AERON_DPDK_1_LOCAL_IPV6_ADDRESS": "fd01::5", "AERON_DPDK_1_MTU": "1279"},
         "AERON_DPDK_1_MTU 1279 is too small for IPv6"),
    ],
)  # fmt: skip
def test_two_interfaces_that_would_be_one_are_refused_by_both_names(
    extra: Mapping[str, str], said: str
) -> None:
    with pytest.raises(SettingConflictError) as caught:
        make_settings({**FEEDS, **extra})
    assert str(caught.value).startswith(said)


# ---- interfaces that share a port ----

TRUNK = {
    "AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5/24",
    "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "10.0.0.6/24",
    "AERON_DPDK_1_PORT_ID": "0",
    "AERON_DPDK_2_LOCAL_IPV4_ADDRESS": "10.0.1.5/24",
    "AERON_DPDK_2_PORT_ID": "0",
    "AERON_DPDK_2_VLAN": "100:5",
    "AERON_DPDK_3_LOCAL_IPV4_ADDRESS": "10.0.1.6/24",
    "AERON_DPDK_3_PORT_ID": "0",
    "AERON_DPDK_3_VLAN": "100",
    "AERON_DPDK_4_LOCAL_IPV4_ADDRESS": "10.0.2.5/24",
    "AERON_DPDK_4_PORT_ID": "1",
    "AERON_DPDK_4_VLAN": "200",
}


def test_interfaces_that_share_a_port_are_hosted_by_its_first_one_and_have_names_of_their_own() -> None:
    interfaces = make_settings(TRUNK).interfaces
    assert [host_of(each, interfaces) for each in interfaces] == [0, 0, 0, 0, 4]
    # Alone on its port, an interface keeps the plain name.
    assert list(names_of(interfaces)) == ["dpdk0", "dpdk0:1", "dpdk0.100", "dpdk0.100:3", "dpdk1"]


def test_only_networks_on_different_links_overlap() -> None:
    assert list(overlaps(make_settings(TRUNK).interfaces)) == []
    same = {**TRUNK, "AERON_DPDK_2_LOCAL_IPV4_ADDRESS": "10.0.0.7/24"}
    assert len(list(overlaps(make_settings(same).interfaces))) == 2


def test_each_vlan_may_have_ipv6_of_its_own() -> None:
    both = {"AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd00::5", "AERON_DPDK_2_LOCAL_IPV6_ADDRESS": "fd01::5"}
    found = make_settings({**TRUNK, **both}).interfaces
    assert [bool(each.local_ipv6_address) for each in found] == [True, False, True, False, False]


# ---- overlapping networks ----


def test_networks_that_overlap_are_accepted_and_the_chosen_interface_is_reported() -> None:
    same = {
        "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": "10.0.0.6/25",
        "AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd00::5",
        "AERON_DPDK_1_LOCAL_IPV6_ADDRESS": "fd00::6",
    }
    sentences = list(overlaps(make_settings({**FEEDS, **same}).interfaces))
    assert sentences == [
        f"{one} of interface 0 and {other} of interface 1 overlap: a channel that names neither goes to "
        f"peers in both by interface {chosen}"
        for one, other, chosen in (
            ("10.0.0.0/24", "10.0.0.0/25", "1, which has the longer prefix"),
            ("fd00::/64", "fd00::/64", "0, which comes first"),
        )
    ]


def test_link_local_networks_do_not_overlap_since_each_link_has_its_own() -> None:
    own = {"AERON_DPDK_LOCAL_IPV6_ADDRESS": "fe80::5", "AERON_DPDK_1_LOCAL_IPV6_ADDRESS": "fe80::6"}
    assert list(overlaps(make_settings({**FEEDS, **own}).interfaces)) == []


# ---- any set of interfaces ----

ADDRESSES = st.integers(min_value=0x0A000001, max_value=0x0AFFFFFE).map(IPv4Address)


@given(
    st.lists(ADDRESSES, min_size=1, max_size=MAX_INTERFACES, unique=True),
    st.lists(st.sampled_from([1500, 9000, None]), min_size=MAX_INTERFACES, max_size=MAX_INTERFACES),
    st.randoms(use_true_random=False),
)
def test_in_whatever_order_they_are_written_each_interface_has_its_own_settings(
    addresses: list[IPv4Address], mtus: list[int | None], random: object
) -> None:
    written = [(INTERFACE_TABLE[0].name_of(number), str(each)) for number, each in enumerate(addresses)]
    mtu = next(each for each in INTERFACE_TABLE if each.field == "mtu")
    used = mtus[: len(addresses)]
    written += [(mtu.name_of(number), str(each)) for number, each in enumerate(used) if each]
    random.shuffle(written)  # type: ignore[attr-defined]
    interfaces = make_settings(dict(written)).interfaces
    assert [each.local_ipv4_address.address for each in interfaces] == addresses
    assert [each.mtu for each in interfaces] == used
    assert [each.number for each in interfaces] == list(range(len(addresses)))


@given(st.sets(st.integers(min_value=0, max_value=MAX_INTERFACES - 1), min_size=1))
def test_numbers_are_accepted_exactly_when_they_count_from_the_first_without_a_gap(numbers: set[int]) -> None:
    environment = {INTERFACE_TABLE[0].name_of(number): f"10.0.{number}.5/24" for number in numbers}
    if numbers == set(range(len(numbers))):
        assert len(make_settings(environment).interfaces) == len(numbers)
    else:
        with pytest.raises((InterfaceGapError, SettingMissingError)):
            make_settings(environment)
