"""scripts/dpdk-devbind.py, compared with the one that comes with DPDK."""

import re
import sys

from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.operator import Operator
from tests.lab.machines import E1000E
from tests.system.fixtures.installation import REPOSITORY

OURS = str(REPOSITORY / "scripts" / "dpdk-devbind.py")
DPDKS = "dpdk-devbind.py"


def entries(status: str) -> dict[str, tuple[str, str]]:
    """PCI addresses, each with its heading and its driver."""
    found: dict[str, tuple[str, str]] = {}
    heading = ""
    for line, following in zip(status.splitlines(), [*status.splitlines()[1:], ""], strict=True):
        if following.startswith("==="):
            heading = line
        if entry := re.match(r"(\S+:\S+\.\d) '.*drv=(\S+)", line):
            found[entry[1]] = (heading, entry[2])
    return found


def test_a_nic_goes_to_vfio_and_setup_gives_it_back_and_both_scripts_see_it(
    guest: Guest, operator: Operator, vfio: None
) -> None:
    with operator.giving_back():
        taken = guest.run(sys.executable, OURS, "-b", "vfio-pci", E1000E.pci_address, "--status-dev", "net")
        assert guest.driver(E1000E) == "vfio-pci"
        assert entries(taken) == entries(guest.run(DPDKS, "--status-dev", "net"))
        assert entries(taken)[E1000E.pci_address] == (
            "Network devices using DPDK-compatible driver",
            "vfio-pci",
        )
        operator.undo()

    assert entries(guest.run(DPDKS, "--status-dev", "net"))[E1000E.pci_address] == (
        "Network devices using kernel driver",
        "e1000e",
    )
