"""The table of network devices: ours, and the one in the format of DPDK's script."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.hosts.fake_kernel import FakeKernel

from aeron_dpdk.tools import devbind, devices
from aeron_dpdk.tools.main import main

BAR = "0000:48:00.0"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    fake = FakeKernel("bare-metal-ixgbe", tmp_path)
    status = fake.path("/proc/self/status")
    status.write_text(status.read_text().replace("1000\t1000\t1000\t1000", "0\t0\t0\t0"))
    for module in (devices, devbind):
        monkeypatch.setattr(module, "this_host", lambda: fake)
    return fake


def listed() -> dict[str, dict[str, object]]:
    rows = json.loads(CliRunner().invoke(main, ["devices", "--json"]).output)
    return {row["pci"]: row for row in rows}


def test_each_device_is_listed_with_what_would_run_it(host: FakeKernel) -> None:
    rows = listed()
    assert rows[BAR]["pmd"] == "net_ixgbe" and rows[BAR]["addresses"] == ["10.20.0.5/24"]
    assert rows[BAR]["other_drivers"] == ["vfio-pci"] and rows[BAR]["iommu_group"] == 52
    assert rows["0000:01:00.0"]["pmd"] == "net_mlx5"
    assert rows["0000:44:00.0"]["pmd"] is None
    assert rows["0000:43:00.0"]["in_use"] == "enp67s0 carries the default route"


def test_a_bound_device_is_listed_with_its_saved_address(host: FakeKernel) -> None:
    assert bind("-b", "vfio-pci", BAR) == 0
    row = listed()[BAR]
    assert (row["group"], row["addresses"], row["is_saved"]) == (devices.GROUPS[0], ["10.20.0.5/24"], True)
    assert row["pmd"] == "net_ixgbe"
    assert "10.20.0.5/24 (saved)" in CliRunner().invoke(main, ["devices"]).output


def test_the_table_has_the_groups_of_dpdks_script(host: FakeKernel) -> None:
    output = CliRunner().invoke(main, ["devices"]).output
    assert output.index("Network devices using kernel driver") < output.index("0000:48:00.1")


def bind(*arguments: str) -> int:
    return CliRunner().invoke(devbind.command, list(arguments), catch_exceptions=False).exit_code


def status() -> str:
    return CliRunner().invoke(devbind.command, ["--status-dev", "net"]).output


def test_the_status_is_that_of_the_product_page(host: FakeKernel) -> None:
    assert status() == (
        "\n"
        "Network devices using kernel driver\n"
        "===================================\n"
        "0000:01:00.0 'MT27800 Family [ConnectX-5] 1017' if=enp1s0f0 drv=mlx5_core unused=vfio-pci *Active*\n"
        "0000:01:00.1 'MT27800 Family [ConnectX-5] 1017' if=enp1s0f1 drv=mlx5_core unused=vfio-pci\n"
        "0000:43:00.0 'I211 Gigabit Network Connection 1539' if=enp67s0 drv=igb unused=vfio-pci *Active*\n"
        "0000:44:00.0 'Wi-Fi 6 AX200 2723' if=wlo2 drv=iwlwifi unused=vfio-pci\n"
        "0000:48:00.0 '82598EB 10-Gigabit AF Dual Port Network Connection 10f1' if=enp72s0f0 drv=ixgbe "
        "unused=vfio-pci *Active*\n"
        "0000:48:00.1 '82598EB 10-Gigabit AF Dual Port Network Connection 10f1' if=enp72s0f1 drv=ixgbe "
        "unused=vfio-pci *Active*\n"
    )


def test_unbind_then_bind_as_on_the_product_page(host: FakeKernel) -> None:
    assert bind("-u", BAR) == 0
    assert f"Other Network devices\n=====================\n{BAR}" in status()
    assert bind("-b", "vfio-pci", "48:00.0") == 0
    assert status().startswith(
        "\n"
        "Network devices using DPDK-compatible driver\n"
        "============================================\n"
        "0000:48:00.0 '82598EB 10-Gigabit AF Dual Port Network Connection 10f1' drv=vfio-pci unused=ixgbe\n"
    )


def test_back_to_the_kernels_driver(host: FakeKernel) -> None:
    bind("-b", "vfio-pci", "enp72s0f0")
    assert bind("-b", "ixgbe", BAR) == 0
    assert host.link_name(f"/sys/bus/pci/devices/{BAR}/driver") == "ixgbe"
    assert host.text(f"/sys/bus/pci/devices/{BAR}/driver_override") == "(null)"


def test_the_default_routes_device_is_taken_by_force_only(host: FakeKernel) -> None:
    with pytest.raises(Exception, match="carries the default route"):
        bind("-b", "vfio-pci", "enp67s0")
    assert bind("--force", "-b", "vfio-pci", "enp67s0") == 0


def test_devices_other_than_nics_are_refused(host: FakeKernel) -> None:
    assert CliRunner().invoke(devbind.command, ["--status-dev", "crypto"]).exit_code == 2
    assert CliRunner().invoke(devbind.command, []).exit_code == 2
