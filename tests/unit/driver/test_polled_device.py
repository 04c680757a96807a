"""ENA on uio_pci_generic: it starts only where DPDK is told to poll."""

from pathlib import Path

import pytest

from aeron_dpdk.driver.polled_device import with_polling
from aeron_dpdk.machine.tree import Tree

AMAZON, INTEL = "0x1d0f", "0x8086"
ENA, OTHER_ENA, E1000E = "0000:00:06.0", "0000:00:07.0", "0000:00:08.0"
POLL = "control_path_poll_interval=1000"


def machine(root: Path, *devices: tuple[str, str, str]) -> Tree:
    """Address, vendor and driver of each device."""
    for address, vendor, driver in devices:
        folder = root / "sys" / "bus" / "pci" / "devices" / address
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(vendor)
        (folder / "driver").symlink_to(f"../../drivers/{driver}")
    return Tree(root)


@pytest.mark.parametrize(
    ("given", "started_with"),
    [
        ([], [f"-a{ENA},{POLL}"]),
        (["-l0"], ["-l0", f"-a{ENA},{POLL}"]),
        ([f"-a{ENA}"], [f"-a{ENA},{POLL}"]),
        (["-a00:06.0"], [f"-a00:06.0,{POLL}"]),
        ([f"--allow={ENA},llq_policy=0"], [f"--allow={ENA},llq_policy=0,{POLL}"]),
        ([f"-a{ENA},control_path_poll_interval=50"], [f"-a{ENA},control_path_poll_interval=50"]),
        (["--no-pci", "--vdev=net_null0"], ["--no-pci", "--vdev=net_null0"]),
    ],
)
def test_an_ena_without_interrupts_is_polled(
    tmp_path: Path, given: list[str], started_with: list[str]
) -> None:
    tree = machine(tmp_path, (ENA, AMAZON, "uio_pci_generic"), (OTHER_ENA, AMAZON, "ena"))
    assert with_polling(tree, given) == tuple(started_with)


def test_other_devices_that_dpdk_would_find_are_named_too(tmp_path: Path) -> None:
    tree = machine(tmp_path, (ENA, AMAZON, "uio_pci_generic"), (E1000E, INTEL, "vfio-pci"))
    assert with_polling(tree, []) == (f"-a{ENA},{POLL}", f"-a{E1000E}")


@pytest.mark.parametrize(
    "device", [(ENA, AMAZON, "vfio-pci"), (ENA, AMAZON, "igb_uio"), (E1000E, INTEL, "uio_pci_generic")]
)
def test_every_other_device_is_left_to_dpdk(tmp_path: Path, device: tuple[str, str, str]) -> None:
    tree = machine(tmp_path, device)
    assert with_polling(tree, []) == ()
    assert with_polling(tree, [f"-a{device[0]}"]) == (f"-a{device[0]}",)
