"""A port's device that is present, and one that no longer is."""

from pathlib import Path

import pytest

from aeron_dpdk.machine.facts.port_device import interface_of, presence_of
from aeron_dpdk.machine.tree import Tree

VDEVS = ("--no-pci", "--vdev=net_af_packet0,qpairs=1,iface=eth0", "--vdev", "net_af_xdp1,iface=eth1")


@pytest.mark.parametrize(
    ("device", "interface"),
    [("net_af_packet0", "eth0"), ("net_af_xdp1", "eth1"), ("net_af_packet", None), ("net_null0", None)],
)
def test_the_interface_is_the_one_that_the_device_was_given(device: str, interface: str | None) -> None:
    assert interface_of(device, VDEVS) == interface


def test_a_pci_device_is_present_until_it_is_pulled(tmp_path: Path) -> None:
    device = tmp_path / "sys/bus/pci/devices/0000:00:06.0"
    device.mkdir(parents=True)
    is_present = presence_of(device.name, (), Tree(tmp_path))
    assert is_present()
    device.rmdir()
    assert not is_present()


@pytest.mark.parametrize(("device", "arguments"), [("net_null0", ()), ("net_ring0", ("--vdev=net_ring0",))])
def test_a_virtual_device_is_present(device: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert presence_of(device, arguments, Tree(tmp_path))()


def test_the_loopback_interface_is_present() -> None:
    assert presence_of("net_af_packet0", ["--vdev=net_af_packet0,iface=lo"], Tree())()
