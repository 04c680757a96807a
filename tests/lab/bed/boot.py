"""Starting a guest. QEMU emulates the processor too (TCG), so that virtual machines can run the lab."""

import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.lab.bed import initramfs, qemu
from tests.lab.bed.guest import MONITOR, ORDINARY_USER, PATIENCE_S, Guest, Inside
from tests.lab.bed.hardware import Hardware
from tests.lab.bed.kernel import Kernel, fetch_kernel, preparing_alone
from tests.lab.vfio_user.server import serve
from tests.lab.vfio_user.tap import Tap
from tests.system.bed.installation import REPOSITORY
from tests.system.bed.namespace import BedError
from tests.system.bed.process import ChildProcess
from tests.system.bed.topology import namespaces

AGENT = Path(__file__).with_name("agent.py")
AGENT_IS_READY = "lab agent is ready"
PORT_COUNT = 12


def why_not() -> str:
    """Why no guest can run on this machine; empty when it can."""
    if platform.machine() != "x86_64":
        return f"a guest runs this machine's own programs on x86-64, and they are for {platform.machine()}"
    missing = [tool for tool in ("busybox", "depmod", "dpkg-deb") if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)}; ./dev lab installs them" if missing else qemu.why_not()


def fetch() -> Kernel:
    """What every guest needs, from the cache or from the distribution's mirror."""
    with preparing_alone():
        qemu.fetch()
        return fetch_kernel()


def to_open() -> str:
    """Folders that an ordinary user must be able to pass through to run the project's Python."""
    ends = (REPOSITORY, Path(sys.executable), Path(sys.executable).resolve())
    return " ".join(sorted({str(folder) for end in ends for folder in (end, *end.parents)}))


def kernel_arguments(kernel: Kernel, ramdisk: Path, parameters: str) -> list[str]:
    # Without a real processor there is nothing to mitigate, and emulated mitigations halve the speed.
    # On a busy host the emulated timer may be too late for the kernel's check of it, which then panics.
    line = f"console=ttyS0 quiet panic=-1 mitigations=off no_timer_check {parameters}"
    return ["-kernel", str(kernel.image), "-initrd", str(ramdisk), "-append", line]


def share_arguments(ports: Path) -> list[str]:
    """This machine's files, the ports through which commands go in, and QEMU's monitor."""
    arguments = ["-virtfs", "local,path=/,mount_tag=host,readonly=on,multidevs=remap,security_model=none"]
    arguments += ["-device", f"virtio-serial-pci,max_ports={PORT_COUNT + 1}"]
    for number in range(PORT_COUNT):
        name = f"lab.{number}"
        (ports / f"{name}.lock").touch()
        arguments += ["-chardev", f"socket,id={name},path={ports / name}.socket,server=on,wait=off"]
        arguments += ["-device", f"virtserialport,chardev={name},name={name}"]
    return [*arguments, "-qmp", f"unix:{ports / MONITOR},server=on,wait=off"]


def await_agent(process: ChildProcess) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (line := process.next_line(max(0.0, deadline - time.monotonic()))) is not None:
        if AGENT_IS_READY in line:
            return
    raise BedError(f"the guest did not come up:\n{process.output}")


@contextmanager
def boot(kernel: Kernel, hardware: Hardware, label: str, parameters: str = "") -> Iterator[Guest]:
    """A guest that has booted, the other ends of its NICs up. `parameters`: for its kernel's command line."""
    settings = {
        "LAB_RELEASE": kernel.release,
        "LAB_MODULES": str(kernel.modules),
        "LAB_CONFIG": str(kernel.config),
        "LAB_PYTHON": sys.executable,
        "LAB_AGENT": str(AGENT),
        "LAB_USER": ORDINARY_USER,
        "LAB_TO_OPEN": to_open(),
    }
    with ExitStack() as stack:
        (outside,) = stack.enter_context(namespaces(label))
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-"))
        ports = Path(scratch)
        ramdisk = ports / "initramfs"
        ramdisk.write_bytes(initramfs.build(kernel, settings))
        servers = {
            nic.tap: stack.enter_context(serve(nic.new_device(), Tap(outside, nic.tap), nic.socket(ports)))
            for nic in hardware.modelled
        }
        arguments = [*hardware.arguments(ports), *kernel_arguments(kernel, ramdisk, parameters)]
        process = ChildProcess(outside.command(*qemu.fetch().command(), *arguments, *share_arguments(ports)))
        try:
            await_agent(process)
            guest = Guest(hardware, Inside(scratch), outside, process, servers)
            for nic in hardware.nics:
                guest.far(nic).take_address()
                outside.ip("link", "set", nic.tap, "up")
            yield guest
        finally:
            process.kill()
