"""aeron-go over our driver with a stock driver on the other end: streams, and clients of a Java Archive. And
aeron-go's own tests, unchanged, over our driver alone."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.compat.sources import Upstream
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import REPOSITORY
from tests.system.fixtures.namespace import unique
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import Maker, next_port, running, udp
from tests.system.fixtures.topology import End

HERE = Path(__file__).parent / "go"
BUILD = REPOSITORY / "build" / "compat-go"
AERON_GO = Upstream(
    "aeron-go",
    "https://github.com/lirm/aeron-go.git",
    "8b05ad14e456006a34f1b434719775a4d96d3fbc",
    "AERON_GO_SOURCE",
)
BUILD_TIMEOUT_S = 900
RUN_TIMEOUT_S = 180.0
# aeron-go's tests start a driver with `java`, wait for it for at most five seconds, and kill it. A busy
# machine takes longer to start one, so this `java` only links the name they chose to the directory of a
# driver that runs already.
JAVA = """#!/bin/sh
for word; do
  case $word in -Daeron.dir=*) mkdir -p "$(dirname "${{word#*=}}")" && ln -s {running} "${{word#*=}}" ;; esac
done
exec sleep infinity
"""
THEIR_SETTINGS = {"AERON_CLIENT_LIVENESS_TIMEOUT": "60s", "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "900s"}
ARCHIVE = {
    "control.channel": "aeron:udp?endpoint={host}:21010",
    "replication.channel": "aeron:udp?endpoint={host}:0",
    "recording.events.enabled": "false",
    "threading.mode": "SHARED",
    "dir": "{folder}",
}


def run(end: End, environment: Mapping[str, str], folder: Path, *command: str) -> str:
    """Returns the output of a command that succeeds."""
    program = ChildProcess(end.namespace.command("env", f"--chdir={folder}", *command), environment)
    code = program.wait(RUN_TIMEOUT_S)
    print(program.output)
    assert code == 0
    return program.output


@dataclass(frozen=True, slots=True)
class Go:
    checkout: Path

    def build(self, folder: Path, *command: str) -> Path:
        """`go build` or `go test -c` in that folder. Go fetches the modules that aeron-go names."""
        program = BUILD / folder.name
        environment = {**os.environ, "GOWORK": str(BUILD / "go.work")}
        full = ("go", *command, "-o", str(program), ".")
        subprocess.run(full, cwd=folder, env=environment, check=True, timeout=BUILD_TIMEOUT_S)
        return program

    def run(self, driver: Driver, *arguments: object) -> None:
        """Runs our own program in that driver's namespace."""
        said = run(driver.end, os.environ, HERE, str(BUILD / HERE.name), *map(str, arguments))
        assert said.splitlines()[-1] == "OK"

    def tests(self, folder: str) -> Path:
        return self.build(self.checkout / folder, "test", "-c")


@pytest.fixture(scope="module")
def go() -> Go:
    if shutil.which("go") is None:
        pytest.skip("not installed: go, 1.20 or newer (https://go.dev/dl; Debian 12's is too old)")
    checkout = AERON_GO.checkout()
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "go.work").write_text(f"go 1.20\nuse (\n\t{HERE}\n\t{checkout}\n)\n")
    go = Go(checkout)
    go.build(HERE, "build")
    return go


def test_a_stream_of_go_clients_crosses(go: Go, ends: tuple[Driver, Driver]) -> None:
    source, sink = ends
    go.run(source, "stream", source.aeron_dir, sink.aeron_dir, udp(sink.address, next_port()))


@pytest.mark.parametrize("channel", ["aeron:ipc", "aeron:udp?endpoint=localhost:24326"], ids=["ipc", "udp"])
def test_aeron_gos_own_tests_pass(go: Go, maker: Maker, end: End, tmp_path: Path, channel: str) -> None:
    program = go.tests("systests")
    ours = maker.ours(end, "go", **THEIR_SETTINGS)
    java = tmp_path / "java"
    java.write_text(JAVA.format(running=ours.aeron_dir))
    java.chmod(0o755)
    user = unique("go-tests")
    settings = {**os.environ, "USER": user, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with running(ours):
        try:
            said = run(end, settings, go.checkout / "systests", str(program), "-test.v", "-c", channel)
        finally:
            shutil.rmtree(f"/dev/shm/aeron-{user}", ignore_errors=True)
    assert said.splitlines()[-1] == "PASS"
    assert "--- SKIP" not in said


def test_a_go_client_of_an_archive_records_and_replays(
    go: Go, java: tuple[str, ...], ends: tuple[Driver, Driver], tmp_path: Path
) -> None:
    client, archive = ends
    properties = {
        name: value.format(host=archive.address, folder=tmp_path) for name, value in ARCHIVE.items()
    }
    definitions = [f"-Daeron.archive.{name}={value}" for name, value in properties.items()]
    command = (*java, f"-Daeron.dir={archive.aeron_dir}", *definitions, "io.aeron.archive.Archive")
    process = ChildProcess(archive.end.namespace.command(*command))
    try:
        go.run(client, "archive", client.aeron_dir, client.address, archive.address)
    finally:
        process.kill()
        print(process.output)
