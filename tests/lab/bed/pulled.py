"""A NIC that is pulled from its slot while a driver of ours has it by uio."""

from tests.lab.bed.driver import ours
from tests.lab.bed.guest import DEVICES, HUGE_PAGES, settles
from tests.lab.bed.hardware import PortNic
from tests.lab.bed.operator import Operator

from aeron_dpdk.exit_code import ExitCode


def misses_its_nic_and_stops_in_order(operator: Operator, nic: PortNic, module: str) -> None:
    """By uio nobody is asked; what reads the NIC's registers gets all ones."""
    guest = operator.guest
    guest.write(HUGE_PAGES, "128")
    guest.run("modprobe", module)
    guest.bind(nic, module)
    with ours(guest, nic, operator.installed) as driver:
        guest.pull(nic)
        settles(lambda: f"{nic.pci_address}, is gone" in driver.output, "the driver misses its NIC")
        assert guest.attempt("ls", f"{DEVICES}/{nic.pci_address}").returncode != 0
        status = operator.attempt("status", "--aeron-dir", str(driver.aeron_dir))
        assert status.returncode == ExitCode.UNHEALTHY
        assert "gone" in status.stdout
    assert "stopping" in driver.output
