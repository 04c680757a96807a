"""The machines of the lab: one like a server with an IOMMU, one like a cloud instance without, and with
modelled NICs."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.ena.model import Ena
from tests.lab.fixtures.boot import boot
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.hardware import BRIDGE, Hardware, ModelledNic, Nic
from tests.lab.fixtures.kernel import Kernel

# The product page's kernel parameters for running as an ordinary user; without them Debian leaves the IOMMU
# off.
IOMMU_PARAMETERS = "iommu=on intel_iommu=on"

E1000E = Nic("e1000e", subnet=1, slot=4)
VMXNET3 = Nic("vmxnet3", subnet=2, slot=5)
# With several queues and a hash, as in clouds.
VIRTIO = Nic(
    "virtio-net-pci",
    subnet=3,
    slot=6,
    options=("disable-legacy=on", "iommu_platform=on", "mq=on", "rss=on", "vectors=10"),
    queues=4,
)
# Two NICs behind one bridge, and therefore in one IOMMU group.
NEIGHBOURS = tuple(Nic("e1000", subnet=4 + slot, slot=slot, bus=BRIDGE) for slot in (1, 2))

# The kernel's module, where its name differs from the model's.
MODULES = {"82599": "ixgbe"}

ENA = ModelledNic("ena", subnet=7, slot=9, make=Ena)


@contextmanager
def with_iommu(kernel: Kernel, label: str) -> Iterator[Guest]:
    hardware = Hardware((E1000E, VMXNET3, VIRTIO, *NEIGHBOURS), bridge=8)
    with boot(kernel, hardware, label, IOMMU_PARAMETERS) as guest:
        load_drivers(guest, "e1000e", "vmxnet3", "virtio_net", "e1000")
        yield guest


@contextmanager
def without_iommu(kernel: Kernel, label: str, *nics: Nic) -> Iterator[Guest]:
    """With a single e1000e, unless NICs are given."""
    found = nics or (E1000E,)
    with boot(kernel, Hardware(found, has_iommu=False), label) as guest:
        load_drivers(guest, *(MODULES.get(nic.model, nic.model) for nic in found))
        yield guest


@contextmanager
def with_ena(kernel: Kernel, label: str) -> Iterator[Guest]:
    # The kernel's own driver runs without translation: otherwise each mapping it makes would be a message to
    # the model.
    with boot(kernel, Hardware((ENA,)), label, f"{IOMMU_PARAMETERS} iommu=pt") as guest:
        load_drivers(guest, "ena")
        yield guest


def load_drivers(guest: Guest, *modules: str) -> None:
    """As udev would."""
    for module in modules:
        guest.run("modprobe", module)
