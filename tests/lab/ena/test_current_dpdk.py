"""A current DPDK on the model: what our driver will meet when distributions move on."""

from collections.abc import Iterator

import pytest
from tests.lab.bed.current_dpdk import icmp_echo
from tests.lab.ena.conftest import Adapter
from tests.system.bed.process import ChildProcess


@pytest.fixture(scope="module")
def program(adapter: Adapter, handed_over: None) -> Iterator[ChildProcess]:
    with icmp_echo(adapter.guest, adapter.nic, "--rxq=2", "--txq=2") as process:
        yield process


def test_it_finds_the_device_and_its_link(program: ChildProcess) -> None:
    assert "net_ena" in program.output
    assert "Link status: up" in program.output


def test_it_answers_pings(adapter: Adapter, program: ChildProcess) -> None:
    said = adapter.guest.outside.run("ping", "-c", "2", "-w", "60", adapter.nic.address)
    assert " 2 received" in said
    assert len(adapter.model.queues.receivers()) == 2
