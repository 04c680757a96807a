"""Fixtures: the kernel that guests boot, and the guest that most tests share.

The shared guest is left as it was found: NICs with their kernel drivers and without addresses, no huge pages.
"""

import os
from collections.abc import Iterator

import pytest
from tests.lab.bed import boot, kernel
from tests.lab.bed.guest import Guest
from tests.lab.bed.hardware import BRIDGE, Hardware, Nic
from tests.lab.bed.kernel import Kernel
from tests.lab.bed.operator import Operator
from tests.system.bed import installation
from tests.system.bed.installation import Installation
from tests.system.bed.namespace import sweep

# The product page's kernel parameters for running as an ordinary user; without them Debian leaves it off.
IOMMU_PARAMETERS = "iommu=on intel_iommu=on"

E1000E = Nic("e1000e", subnet=1, slot=4)
VMXNET3 = Nic("vmxnet3", subnet=2, slot=5)
VIRTIO = Nic("virtio-net-pci", subnet=3, slot=6, options=("disable-legacy=on", "iommu_platform=on"))
# Two NICs behind one bridge, and so in one IOMMU group.
NEIGHBOURS = tuple(Nic("e1000", subnet=4 + slot, slot=slot, bus=BRIDGE) for slot in (1, 2))
HARDWARE = Hardware((E1000E, VMXNET3, VIRTIO, *NEIGHBOURS), bridge=8)


@pytest.fixture(scope="session")
def installed() -> Installation:
    found = installation.find()
    if isinstance(found, str):
        pytest.fail(found)
    return found


@pytest.fixture(scope="session")
def guest_kernel() -> Kernel:
    if os.geteuid() != 0:
        pytest.skip("the lab's taps need root")
    if reason := boot.why_not():
        pytest.skip(f"no guest can run: {reason}")
    sweep()
    return kernel.fetch()


@pytest.fixture(scope="package")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with boot.boot(guest_kernel, HARDWARE, "lab", IOMMU_PARAMETERS) as booted:
        for module in ("e1000e", "e1000", "vmxnet3", "virtio_net"):
            booted.run("modprobe", module)
        yield booted
        assert booted.process.is_running, f"the guest died:\n{booted.log}"


@pytest.fixture(scope="package")
def operator(guest: Guest, installed: Installation) -> Operator:
    return Operator(guest, installed)
