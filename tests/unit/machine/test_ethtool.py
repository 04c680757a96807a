"""Settings made with ethtool, read from a device's answers: which are saved, and how they are restored."""

import struct
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from aeron_dpdk.machine.change import interface as writing
from aeron_dpdk.machine.change.nic_resources import NetworkConfiguration
from aeron_dpdk.machine.facts import ethtool, network
from aeron_dpdk.machine.facts.ethtool import WORDS, LinkMode, read_link_mode, read_words
from aeron_dpdk.machine.facts.interface import KernelInterface

# ethtool_link_settings, with masks of three words: speed, duplex, autonegotiation, supported, advertised.
TEN, HUNDRED, NEGOTIATED, FIXED = 0x2, 0x8, 1, 0
COPPER = 0x2FF  # 10 to 1,000 Mbit/s, autonegotiation, twisted pair, but not 10 Gbit/s
UNKNOWN = 0xFFFFFFFF

Answers = Callable[[bytes], bytes]
Answering = Callable[[Answers], list[bytes]]


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Replaces the kernel's device by one with these answers; returns the list of requests that it gets."""

    def put(answers: Answers) -> list[bytes]:
        asked: list[bytes] = []

        def request(interface: str, data: bytes, number: int = 0) -> bytes:
            asked.append(data)
            return answers(data)

        for module in (ethtool, writing):
            monkeypatch.setattr(module, "request", request, raising=False)
        return asked

    return put


def link(speed: int, duplex: int, negotiates: int, supported: int, advertised: int) -> Answers:
    def answer(data: bytes) -> bytes:
        if not data[15]:
            return data[:15] + struct.pack("=b", -3) + data[16:]
        masks = struct.pack("=9I", supported, 0, 0, advertised, 0, 0, 0, 0, 0)
        head = struct.pack("=2I7Bb32x", 0x4C, speed, duplex, 0, 1, negotiates, 0, 1, 3, 3)
        return head + masks if struct.unpack_from("=I", data)[0] == 0x4C else data

    return answer


def words(*answer: int) -> Answers:
    """The answers of a device that supports one request, the one in the answer's first word."""

    def answered(data: bytes) -> bytes:
        if data[:4] != struct.pack("=I", answer[0]):
            raise OSError("not offered")
        return struct.pack(f"={len(answer)}I", *answer)

    return answered


def test_what_a_link_advertises_is_kept_with_its_crossover(device: Answering) -> None:
    device(link(1000, 1, NEGOTIATED, COPPER, 0xE0))
    assert dict(read_link_mode("nic0").settings()) == {
        "link mdix": 3,
        "link advertised": "000000e0 00000000 00000000",
    }


def test_a_fixed_speed_is_kept(device: Answering) -> None:
    device(link(100, 1, FIXED, COPPER, HUNDRED))
    assert dict(read_link_mode("nic0").settings()) == {"link mdix": 3, "link speed": 100, "link duplex": 1}


def test_the_only_speed_of_a_device_is_no_setting(device: Answering) -> None:
    device(link(10000, 1, FIXED, 0x1000, 0x1000))
    found = read_link_mode("nic0")
    assert dict(found.settings()) == {"link mdix": 3} and not found.is_unknown


def test_a_fixed_speed_that_the_driver_does_not_report_is_refused_beforehand(device: Answering) -> None:
    device(link(UNKNOWN, 0xFF, FIXED, COPPER, HUNDRED))
    assert read_link_mode("nic0") == LinkMode(can_negotiate=True, mdix=3)
    assert any("fixed speed" in each for each in network.read_network()["lo"].beyond_saving)


def test_a_link_that_is_down_but_negotiates_is_not_refused(device: Answering) -> None:
    """i40e reports autonegotiation only when it is complete, but advertises it before."""
    device(link(UNKNOWN, 0xFF, FIXED, COPPER, COPPER))
    assert not read_link_mode("nic0").is_unknown


@pytest.mark.parametrize(
    ("wanted", "speed", "duplex", "negotiates", "advertised"),
    [
        ({"link advertised": "00000020 00000000 00000000"}, 1000, 1, 1, 0x20),
        ({"link speed": 100, "link duplex": 0}, 100, 0, 0, 0xEF),
    ],
)
def test_a_link_mode_is_set_and_all_else_left_as_it_is(
    wanted: dict[str, int | str],
    speed: int,
    duplex: int,
    negotiates: int,
    advertised: int,
    device: Answering,
) -> None:
    asked = device(link(1000, 1, NEGOTIATED, COPPER, 0xEF))
    writing.set_link_mode("nic0", {name.removeprefix("link "): value for name, value in wanted.items()})
    head = struct.unpack_from("=2I7Bb32x", asked[-1])
    assert head == (0x4D, speed, duplex, 0, 1, negotiates, 0, 1, 3, 3)
    assert struct.unpack_from("=I", asked[-1], 48 + 12)[0] == advertised


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ((0x05, 0x2E, 0x22, 0, 0), {"wake-on-lan modes": 0x22}),
        ((0x07, 0x7), {"message level": 7}),
        ((0x12, 1, 0, 1), {"pause autoneg": 1, "pause rx": 0, "pause tx": 1}),
        (
            (0x44, 0x28, 0x20, 0, 0, 1, 1, 17, 0, 0),
            {"eee advertised": 0x20, "eee enabled": 1, "eee tx-lpi": 1, "eee timer": 17},
        ),
        ((0x50, 4, 0x10, 0), {"fec modes": 0x10}),
    ],
)
def test_settings_are_saved_and_what_the_device_only_reports_is_not(
    answer: tuple[int, ...], kept: dict[str, int], device: Answering
) -> None:
    device(words(*answer))
    assert dict(read_words("nic0")) == kept


def test_a_setting_is_restored_within_the_devices_own_answer(device: Answering) -> None:
    asked = device(lambda data: struct.pack("=4I", 0x12, 1, 1, 1))
    (pause,) = (each for each in WORDS if each.group == "pause")
    writing.set_words("nic0", pause, {"rx": 0})
    assert struct.unpack("=4I", asked[-1]) == (0x13, 1, 0, 1)


def test_flow_hashes_are_asked_for_by_their_kind_of_flow(device: Answering) -> None:
    asked = device(lambda data: data[:8] + struct.pack("=Q", 0xF0) + data[16:])
    kinds = {words.names[0]: words.read("nic0") for words in WORDS if words.group == "flow-hash"}
    assert kinds["udp4"]["udp4"] == 0xF0
    assert [struct.unpack_from("=2I", each) for each in asked] == [
        (0x29, kind) for kind in (1, 2, 3, 5, 6, 7)
    ]
    assert {len(each) for each in asked} == {192}  # ethtool_rxnfc


def test_a_wake_on_lan_password_is_refused_beforehand_and_stored_nowhere(device: Answering) -> None:
    device(words(0x05, 0x6E, 0x60, 0x11223344, 0x5566))
    assert not any("112233" in str(each) for each in read_words("nic0"))
    assert any("password of Wake-on-LAN" in each for each in network.read_network()["lo"].beyond_saving)


def test_what_depends_on_the_carrier_is_compared_only_in_the_same_carrier_state() -> None:
    up = KernelInterface("ens6", "06:00:00:00:00:05", 1500, is_up=True, has_carrier=True)
    up = replace(up, device_settings=(("pause rx", 1), ("wake-on-lan modes", 2)))
    resource = NetworkConfiguration("0000:00:06.0")

    def is_same(**changes: object) -> bool:
        return resource.is_same(asdict(up), asdict(replace(up, **changes)))  # type: ignore[arg-type]

    other_pause = (("pause rx", 0), ("wake-on-lan modes", 2))
    assert not is_same(device_settings=other_pause)
    assert is_same(device_settings=other_pause, has_carrier=False)
    assert not is_same(device_settings=(("pause rx", 1), ("wake-on-lan modes", 0)), has_carrier=False)
    assert is_same(device_settings=(("wake-on-lan modes", 2),))


def test_time_stamping_is_kept_and_set_by_requests_of_its_own(device: Answering) -> None:
    asked = device(lambda data: struct.pack("=3I", 0, 1, 12))
    assert ethtool.read_time_stamping("nic0") == {"tx": 1, "rx": 12}
    writing.set_time_stamping("nic0", {"rx": 0})
    assert struct.unpack("=3I", asked[-1]) == (0, 1, 0)


def test_tunables_are_asked_for_by_name_and_type(device: Answering) -> None:
    asked = device(lambda data: data[:16] + struct.pack("=I", 256))
    tunables = [words for words in WORDS if words.group == "tunable"]
    assert [words.read("nic0") for words in tunables] == [{"rx-copybreak": 256}, {"tx-copybreak": 256}]
    assert [struct.unpack_from("=4I", each) for each in asked] == [(0x48, 1, 3, 4), (0x48, 2, 3, 4)]
