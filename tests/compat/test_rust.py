"""Rust clients (rusteron, over Aeron's C client) over our driver and a stock one on the other end."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import next_port, udp

HERE = Path(__file__).parent / "rust"
TARGET = HERE.parents[2] / "build" / "compat-rust"
BUILD_TIMEOUT_S = 1800
RUN_TIMEOUT_S = 180.0


@pytest.fixture(scope="module")
def program() -> Path:
    """Built by cargo, which fetches the crates; the client's C library is compiled from one of them."""
    if shutil.which("cargo") is None:
        pytest.skip("not installed: cargo (https://rustup.rs; Debian's is too old for the crate)")
    command = ["cargo", "build", "--quiet"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    subprocess.run(command, cwd=HERE, env=environment, check=True, timeout=BUILD_TIMEOUT_S)
    return TARGET / "debug" / "compat"


def test_a_stream_of_rust_clients_crosses(program: Path, ends: tuple[Driver, Driver]) -> None:
    source, sink = ends
    arguments = (str(source.aeron_dir), str(sink.aeron_dir), udp(sink.address, next_port()))
    clients = ChildProcess(source.end.namespace.command(str(program), *arguments))
    assert clients.wait(RUN_TIMEOUT_S) == 0, clients.output
    assert clients.output.splitlines()[-1] == "OK"
