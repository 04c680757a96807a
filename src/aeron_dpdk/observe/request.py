"""Requests to a running driver: one line of JSON over the Unix socket in its Aeron directory, and one line
back."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from aeron_dpdk.errors.observe import NotAnsweringError
from aeron_dpdk.observe.view import DriverView, InterfaceView

SOCKET_NAME = "dpdk.sock"
ANSWER_TIMEOUT_S = 5.0
RECEIVE_BYTES = 1 << 16
GATEWAY_POLL_S = 0.15  # a driver makes ten views a second
GATEWAY_TIMEOUT_S = 8.0  # four requests take the driver 3.75 s


def connect(directory: Path) -> socket.socket:
    """Raises NotAnsweringError. Connects by a path in /proc, since a socket's path has at most 107 bytes."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_TIMEOUT_S)
    try:
        place = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        try:
            connection.connect(f"/proc/self/fd/{place}/{SOCKET_NAME}")
        finally:
            os.close(place)
    except OSError as error:
        connection.close()
        raise NotAnsweringError(str(directory), error.strerror or str(error)) from error
    return connection


def ask(connection: socket.socket, directory: Path, request: dict[str, Any]) -> str:
    """Returns the line of the answer. Raises NotAnsweringError."""
    try:
        connection.sendall(json.dumps(request).encode() + b"\n")
        answer = bytearray()
        while not answer.endswith(b"\n"):
            received = connection.recv(RECEIVE_BYTES)
            if not received:
                raise NotAnsweringError(str(directory), "it hung up")
            answer += received
    except OSError as error:
        raise NotAnsweringError(str(directory), error.strerror or str(error)) from error
    return answer.decode(errors="replace")


def ask_gateway(directory: Path) -> DriverView:
    """Makes the driver ask for its gateways by ARP, if it has any, and waits for the outcome. Raises
    NotAnsweringError."""
    with connect(directory) as connection:
        ask(connection, directory, {"request": "ask-gateway"})
    end = time.monotonic() + GATEWAY_TIMEOUT_S
    while True:
        time.sleep(GATEWAY_POLL_S)
        view = driver_view(directory)
        if all(map(_is_gateway_decided, view.interfaces)) or time.monotonic() > end:
            return view


def _is_gateway_decided(interface: InterfaceView) -> bool:
    states = {each.address: each.state for each in interface.neighbours}
    gateway = interface.address.gateway
    return gateway is None or states.get(gateway) in ("reachable", "failed")


def driver_view(directory: Path) -> DriverView:
    """Raises NotAnsweringError."""
    with connect(directory) as connection:
        answer = ask(connection, directory, {"request": "view"})
    try:
        return DriverView.from_json(answer)
    except ValueError as error:
        raise NotAnsweringError(str(directory), f"it speaks another version's language, {error}") from error
