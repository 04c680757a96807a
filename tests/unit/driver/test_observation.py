"""What a driver answers on its socket."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

import pytest
from tests.unit.control.fakes import GATEWAY, IDENTITY, MS, ManualClock, arp_reply, unaddressed
from tests.unit.driver.fakes import PORT, FakeParts

from aeron_dpdk.control.data_plane import FrameReceived, Unresolved
from aeron_dpdk.control.loop import ControlLoop
from aeron_dpdk.control.rate import NEVER_NS
from aeron_dpdk.driver.observation import VIEW_AGE_NS, Observation, ObservedInterface
from aeron_dpdk.errors.observe import CaptureRefusedError
from aeron_dpdk.observe.view import DriverView, NeighbourView
from aeron_dpdk.seam import StackSettings
from aeron_dpdk.wire.ethernet import Mac

SETTINGS = StackSettings(IPv4Address("10.0.0.1"), prefix_length=24, gateway=GATEWAY)
OTHER_SETTINGS = StackSettings(IPv4Address("10.0.1.1"), port_id=1, prefix_length=24)
GATEWAY_MAC = Mac.from_text("02:00:00:00:00:fe")


class Observed:
    def __init__(self) -> None:
        self.parts = FakeParts()
        self.stack: Any = self.parts.open_stack(SETTINGS)
        self.clock = ManualClock()
        self.loop = ControlLoop(self.stack, IDENTITY, self.clock)
        first = ObservedInterface(self.stack, self.loop.interfaces[0], SETTINGS)
        self.second = FakeParts()
        stack: Any = self.second.open_stack(OTHER_SETTINGS)
        self.loop.add(stack, IDENTITY)
        second = ObservedInterface(stack, self.loop.interfaces[1], OTHER_SETTINGS)
        self.observation = Observation(self.parts.parts(), (first, second), "DEDICATED", self.clock)

    def pass_time(self, time_ns: int) -> None:
        self.clock.now_ns += time_ns
        self.loop.tick()

    def view(self) -> DriverView:
        return DriverView.from_json(self.observation.answer({"request": "view"}).text)

    def capture(self, **fields: object) -> Any:
        return self.observation.answer({"request": "capture", "program": "", "snap_length": 100, **fields})


@pytest.fixture
def observed() -> Iterator[Observed]:
    yield Observed()


def test_the_view_has_the_port_and_the_addresses(observed: Observed) -> None:
    observed.pass_time(1500 * MS)
    view = observed.view()
    first, second = view.interfaces
    assert (first.port.name, first.port.driver, first.port.mac) == (PORT.name, PORT.driver, str(PORT.mac))
    assert (first.name, first.address.local, first.address.gateway) == ("dpdk0", "10.0.0.1", str(GATEWAY))
    assert (second.name, second.address.local, second.address.gateway) == ("dpdk1", "10.0.1.1", None)
    assert (view.uptime_ms, view.threading_mode) == (1500, "DEDICATED")
    assert first.port.is_up and first.port.is_usable


def test_neighbours_are_shown_as_the_table_has_them(observed: Observed) -> None:
    observed.stack.events.append(Unresolved(GATEWAY, unaddressed(b"x")))
    observed.pass_time(MS)
    assert observed.view().interfaces[0].neighbours == (
        NeighbourView(str(GATEWAY), None, "incomplete", None, 1),
    )
    observed.stack.events.append(FrameReceived(arp_reply(GATEWAY, GATEWAY_MAC)))
    observed.pass_time(MS)
    observed.pass_time(250 * MS)
    assert observed.view().interfaces[0].neighbours == (
        NeighbourView(str(GATEWAY), str(GATEWAY_MAC), "reachable", 250, 0),
    )


def test_the_gateway_is_asked_before_there_is_anything_to_send(observed: Observed) -> None:
    answer = observed.observation.answer({"request": "ask-gateway"})
    assert answer.text == "{}"
    observed.pass_time(VIEW_AGE_NS)
    assert [each.state for each in observed.view().interfaces[0].neighbours] == ["incomplete"]
    observed.stack.events.append(FrameReceived(arp_reply(GATEWAY, GATEWAY_MAC)))
    observed.pass_time(VIEW_AGE_NS)
    assert [each.state for each in observed.view().interfaces[0].neighbours] == ["reachable"]


def test_a_driver_that_is_asked_again_and_again_asks_the_gateway_no_more_often(observed: Observed) -> None:
    for _ in range(100):
        observed.observation.answer({"request": "ask-gateway"})
        observed.pass_time(MS)
    asked = [frame for frame in observed.stack.sent if frame[38:42] == GATEWAY.packed]
    assert len(asked) == 1


def test_however_many_ask_a_view_is_made_at_most_ten_times_a_second(observed: Observed) -> None:
    observed.pass_time(MS)
    first = observed.view()
    observed.pass_time(VIEW_AGE_NS - MS)
    assert observed.view() == first
    observed.pass_time(MS)
    assert observed.view().uptime_ms == first.uptime_ms + VIEW_AGE_NS // MS


def test_a_link_that_cannot_be_read_is_shown_as_down(observed: Observed) -> None:
    observed.stack.is_up = False
    observed.pass_time(MS)
    assert not observed.view().interfaces[0].port.is_up


def test_a_capture_lasts_until_the_other_side_hangs_up(observed: Observed) -> None:
    answer = observed.capture(program="AAAAAAAAAAA=")
    assert json.loads(answer.text) == {"interface": "dpdk0", "device": PORT.name}
    assert answer.descriptors == (0,)
    assert observed.observation.due_ns == NEVER_NS
    answer.on_hang_up()
    assert observed.parts.log[-1] == "capture closed"


@pytest.mark.parametrize("name", ["dpdk1", "10.0.1.1"])
def test_the_interface_that_was_asked_for_is_captured(observed: Observed, name: str) -> None:
    answer = observed.capture(interface=name)
    assert json.loads(answer.text)["interface"] == "dpdk1"
    answer.on_hang_up()
    observed.observation.step(0)
    done = [step for step in observed.second.log if step != "port"]
    assert done == ["stack", "capture 0 100", "capture closed", "capture step"]
    assert "capture closed" not in observed.parts.log


def test_an_unknown_interface_is_refused_with_the_names_of_the_known_ones(observed: Observed) -> None:
    error = json.loads(observed.capture(interface="eth0").text)["error"]
    assert error == "it has no interface eth0; name one of dpdk0, dpdk1 with -i"


def test_after_a_capture_its_steps_go_on_until_its_memory_is_free(observed: Observed) -> None:
    observed.loop.attend("captures", observed.observation)
    observed.pass_time(MS)
    assert "capture step" not in observed.parts.log
    observed.capture().on_hang_up()
    for _ in range(10):
        observed.pass_time(MS)
    assert observed.parts.log.count("capture step") == 3
    assert observed.observation.due_ns == NEVER_NS


@pytest.mark.parametrize(
    "fields",
    [
        {"program": "not base64!"},
        {"program": 5},
        {"program": None},
        {"snap_length": 0},
        {"snap_length": 70000},
        {"snap_length": "100"},
        {"snap_length": 1.5},
    ],
)
def test_an_invalid_capture_request_is_refused(observed: Observed, fields: dict[str, object]) -> None:
    answer = observed.capture(**fields)
    assert "not a capture" in json.loads(answer.text)["error"]
    assert answer.descriptors == ()


def test_the_stacks_reason_to_refuse_a_capture_is_reported(observed: Observed) -> None:
    def refuse(program: bytes, snap_length: int) -> int:
        raise CaptureRefusedError("another capture is open")

    observed.stack.capture_open = refuse
    assert json.loads(observed.capture().text)["error"] == "another capture is open"


@pytest.mark.parametrize("request_", [{}, {"request": "views"}, {"request": None}, {"request": ["view"]}])
def test_an_unknown_request_is_refused(observed: Observed, request_: dict[str, Any]) -> None:
    assert "error" in json.loads(observed.observation.answer(request_).text)
