"""What systemd is sent, over a socket in the place of systemd's."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeron_dpdk.driver.service import PERMANENT_FAILURES, Service

PID = 4711
SECOND_NS = 10**9
UNIT = Path(__file__).resolve().parents[3] / "packaging" / "systemd" / "aeronmd_dpdk@.service"


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """NOTIFY_SOCKET's value, and the other end."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@aeron-dpdk-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listener:
        listener.bind(name.replace("@", "\0"))
        yield name, listener


def heard(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(1024).decode())
        except BlockingIOError:
            return messages


def test_ready_and_stopping_are_sent_in_order(manager: tuple[str, socket.socket]) -> None:
    service = Service({"NOTIFY_SOCKET": manager[0]}, PID)
    service.is_ready()
    service.is_stopping()
    service.close()
    assert heard(manager[1]) == ["READY=1", "STOPPING=1"]


def test_the_watchdog_is_fed_twice_in_its_time(manager: tuple[str, socket.socket]) -> None:
    service = Service({"NOTIFY_SOCKET": manager[0], "WATCHDOG_USEC": "2000000"}, PID)
    for tenth in range(40):
        service.step(SECOND_NS + tenth * SECOND_NS // 10)
    service.close()
    assert heard(manager[1]) == ["WATCHDOG=1"] * 4


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "often"}]
)
def test_a_watchdog_for_another_process_is_not_fed(
    environment: dict[str, str], manager: tuple[str, socket.socket]
) -> None:
    service = Service({"NOTIFY_SOCKET": manager[0], **environment}, PID)
    service.step(100 * SECOND_NS)
    service.close()
    assert heard(manager[1]) == []


def test_without_a_service_manager_nothing_is_sent() -> None:
    service = Service({}, PID)
    service.is_ready()
    service.is_stopping()
    service.close()


def test_a_socket_without_a_listener_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Service({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, PID)


def test_the_unit_restarts_after_every_failure_but_the_permanent_ones() -> None:
    found = re.search(r"^RestartPreventExitStatus=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert found and {int(code) for code in found[1].split()} == PERMANENT_FAILURES
