"""What the guest boots into: busybox, the modules that reach the real root file system, and the init script.

The archive is in cpio's "newc" format: the kernel's documentation, early-userspace/buffer-format.
"""

import gzip
import lzma
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.lab.bed.kernel import Kernel
from tests.system.bed.namespace import BedError

BUSYBOX = Path("/bin/busybox")
INIT = Path(__file__).with_name("init")
# 9p over virtio below a tmpfs overlay makes the root; the agent speaks through virtio ports.
NEEDED = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console")

# How distributions compress modules.
UNPACK: dict[str, Callable[[bytes], bytes]] = {".ko": bytes, ".gz": gzip.decompress, ".xz": lzma.decompress}


def module_name(path: str) -> str:
    return Path(path).name.split(".ko")[0].replace("-", "_")


def load_order(dependencies: str, wanted: tuple[str, ...]) -> list[str]:
    """Paths of modules.dep, each after what it depends on. A module that is built in has no line there."""
    needs = {line.split(":")[0]: line.split(":")[1].split() for line in dependencies.splitlines()}
    by_name = {module_name(path): path for path in needs}
    ordered: list[str] = []

    def visit(path: str) -> None:
        for other in needs[path]:
            visit(other)
        if path not in ordered:
            ordered.append(path)

    for name in wanted:
        if name in by_name:
            visit(by_name[name])
    return ordered


def entry(name: str, mode: int, content: bytes = b"", *, inode: int) -> bytes:
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return padded(head) + padded(content)


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def files(kernel: Kernel, settings: Mapping[str, str]) -> Iterator[tuple[str, int, bytes]]:
    if not BUSYBOX.exists():
        raise BedError(f"{BUSYBOX} is missing: apt-get install busybox-static")
    order = load_order((kernel.modules / "modules.dep").read_text(), NEEDED)
    for folder in ("bin", "modules", "dev", "proc", "host", "upper", "root"):
        yield folder, stat.S_IFDIR | 0o755, b""
    yield "bin/busybox", stat.S_IFREG | 0o755, BUSYBOX.read_bytes()
    yield "init", stat.S_IFREG | 0o755, INIT.read_bytes()
    assignments = "".join(f"{name}='{value}'\n" for name, value in settings.items())
    yield "settings", stat.S_IFREG | 0o644, assignments.encode()
    for place, path in enumerate(order):
        packed = kernel.modules / path
        # The shell's glob sorts by name: two digits keep the order.
        name = f"modules/{place:02}-{module_name(path)}.ko"
        yield name, stat.S_IFREG | 0o644, UNPACK[packed.suffix](packed.read_bytes())


def build(kernel: Kernel, settings: Mapping[str, str]) -> bytes:
    """`settings`: shell variables for the init script."""
    entries = [
        entry(name, mode, content, inode=inode)
        for inode, (name, mode, content) in enumerate(files(kernel, settings), start=1)
    ]
    return b"".join(entries) + entry("TRAILER!!!", 0, inode=0)
