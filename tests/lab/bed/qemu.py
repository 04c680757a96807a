"""The QEMU that can join a device of ours: newer than a stable Debian's, unpacked beside, not installed.

QEMU has a vfio-user client since 10.1. Debian sid's is unpacked in a root of its own and runs on that root's
C library.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.lab.bed.kernel import CACHE
from tests.system.bed.namespace import run

HOME = CACHE / "qemu"
PROGRAM = "usr/bin/qemu-system-x86_64"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


@dataclass(frozen=True, slots=True)
class Qemu:
    root: Path

    def command(self) -> tuple[str, ...]:
        """QEMU on its own root's loader and libraries, with this machine's files in sight."""
        libraries = self.root / LIBRARIES
        firmware = [
            word for name in ("qemu", "seabios") for word in ("-L", str(self.root / "usr" / "share" / name))
        ]
        modules = f"QEMU_MODULE_DIR={libraries / 'qemu'}"
        return (
            "env",
            modules,
            *loader(self.root),
            str(self.root / PROGRAM),
            *firmware,
        )


def loader(root: Path) -> tuple[str, ...]:
    """What runs a program on the root's C library, the root's other libraries before this machine's."""
    return (str(root / "lib64" / "ld-linux-x86-64.so.2"), "--library-path", str(root / LIBRARIES))


def why_not() -> str:
    """Why this QEMU cannot be had; empty when it can."""
    if HOME.exists() or shutil.which("debootstrap"):
        return ""
    return "not installed: debootstrap; ./dev lab installs it"


def fetch() -> Qemu:
    """From the cache, or from the distribution's mirror: a minute and a half, 400 MB, once."""
    if not HOME.exists():
        scratch = CACHE / f"qemu-{os.getpid()}"
        try:
            run("debootstrap", "--variant=minbase", "sid", str(scratch))
            install = ("apt-get", "-qq", "-y", "--no-install-recommends", "install", "qemu-system-x86")
            run("chroot", str(scratch), "env", "DEBIAN_FRONTEND=noninteractive", *install)
            run("chroot", str(scratch), "apt-get", "clean")
            scratch.rename(HOME)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return Qemu(HOME)
