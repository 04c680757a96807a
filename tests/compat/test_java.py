"""Java clients, and an Archive, over our driver with a stock driver on the other end; and a Cluster of three
over three of our drivers on one switch. Each over IPv4 and over IPv6."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import Maker, next_port, udp
from tests.system.fixtures.topology import End, join, namespaces

RUN_TIMEOUT_S = 180.0
ECHOES = 400
# A busy machine starves three JVMs and three drivers for seconds.
CLUSTER_SETTINGS = {"AERON_CLIENT_LIVENESS_TIMEOUT": "14s", "AERON_IMAGE_LIVENESS_TIMEOUT": "15s"}


class Programs:
    """The Java programs of one test, each in the namespace of the driver whose client it is."""

    def __init__(self, java: tuple[str, ...]) -> None:
        self._java = java
        self._running: list[ChildProcess] = []

    def start(self, driver: Driver, *arguments: object) -> ChildProcess:
        command = [*self._java, "compat.Main", *map(str, arguments)]
        program = ChildProcess(driver.end.namespace.command(*command))
        self._running.append(program)
        return program

    def run(self, driver: Driver, *arguments: object) -> None:
        program = self.start(driver, *arguments)
        assert program.wait(RUN_TIMEOUT_S) == 0, program.output
        assert program.output.splitlines()[-1] == "OK", program.output

    def end(self) -> None:
        """Ends all programs, and prints their output for the report of a test that failed."""
        for program in self._running:
            if program.is_running:
                program.kill()
            print(program, program.output, sep="\n")


@pytest.fixture
def programs(java: tuple[str, ...]) -> Iterator[Programs]:
    made = Programs(java)
    yield made
    made.end()


def test_a_stream_of_java_clients_crosses(programs: Programs, ends: tuple[Driver, Driver]) -> None:
    source, sink = ends
    channel = udp(sink.address, next_port())
    programs.run(source, "stream", source.aeron_dir, sink.aeron_dir, channel)


def test_an_archive_records_replays_and_extends(
    programs: Programs, ends: tuple[Driver, Driver], tmp_path: Path
) -> None:
    client, archive = ends
    places = (archive.aeron_dir, archive.address, client.aeron_dir, client.address)
    programs.run(archive, "archive", *places, tmp_path / "archive")


def await_line(program: ChildProcess, start: str) -> None:
    while (line := program.next_line(RUN_TIMEOUT_S)) is not None:
        if line.startswith(start):
            return
    raise AssertionError(program.output)


def leader_of(nodes: dict[int, ChildProcess]) -> int | None:
    return next((member for member, node in nodes.items() if "LEADER" in node.output), None)


@contextmanager
def switch(maker: Maker, members: int, *, is_ipv6: bool) -> Iterator[list[Driver]]:
    """So many of our drivers, each in its own namespace, on one bridge; with IPv6 addresses if `is_ipv6`."""
    labels = [f"member{member}" for member in range(members)]
    with namespaces("switch", *labels) as (middle, *places):
        middle.ip("link", "add", "bridge", "type", "bridge")
        middle.ip("link", "set", "bridge", "up")
        drivers: list[Driver] = []
        try:
            for number, place in enumerate(places, start=1):
                end = End(
                    place, "port0", f"02:ad:00:00:00:{number:02x}", f"10.91.0.{number}", is_kernel=False
                )
                plug = End(middle, f"plug{number}", f"02:ad:00:00:01:{number:02x}", "", is_kernel=False)
                join(end, plug)
                middle.ip("link", "set", plug.interface, "master", "bridge")
                settings = {**CLUSTER_SETTINGS, "AERON_DPDK_LOCAL_IPV4_ADDRESS": end.cidr}
                if is_ipv6:
                    settings["AERON_DPDK_LOCAL_IPV6_ADDRESS"] = f"fd91::{number}/64"
                    end = replace(end, address=f"[fd91::{number}]")
                drivers.append(maker.ours(end, f"member{number}", **settings))
                drivers[-1].start()
            yield drivers
        finally:
            for driver in drivers:
                driver.discard()


@pytest.mark.parametrize("is_ipv6", [False, True], ids=["ipv4", "ipv6"])
def test_a_cluster_of_three_survives_its_leader(
    programs: Programs, maker: Maker, tmp_path: Path, is_ipv6: bool
) -> None:
    with switch(maker, 3, is_ipv6=is_ipv6) as drivers:
        hosts = ",".join(driver.address for driver in drivers)
        nodes = {
            member: programs.start(driver, "node", member, driver.aeron_dir, hosts, tmp_path / str(member))
            for member, driver in enumerate(drivers)
        }
        client = programs.start(drivers[0], "client", drivers[0].aeron_dir, drivers[0].address, hosts, ECHOES)
        await_line(client, f"echoed {ECHOES // 4}")
        leader = leader_of(nodes)
        assert leader is not None
        nodes.pop(leader).kill()
        assert client.wait(RUN_TIMEOUT_S) == 0, client.output
        assert f"echoed {ECHOES - 1}" in client.output
        assert leader_of(nodes) is not None
