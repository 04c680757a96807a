"""The machines that bundles are made for, and the root of Debian 11 in which each machine's bundle is
built.

For another machine it is cross-compiled. Programs that its build runs besides the compiler, such as its
Python, run under qemu's user mode emulation, which the kernel starts for that machine's executables
(binfmt_misc).
"""

import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from release.project import ReleaseError
from release.root import CACHE, Root

TOOLS = (
    *("build-essential", "pkg-config", "git", "cmake", "ninja-build", "python3"),
    *("flex", "bison", "xz-utils", "patchelf"),
)
LIBRARIES = (
    *("zlib1g-dev", "libffi-dev", "libssl-dev", "liblzma-dev", "libbz2-dev", "libnuma-dev", "libelf-dev"),
    *("libnl-3-dev", "libnl-route-3-dev", "libudev-dev", "libbsd-dev", "uuid-dev", "libsqlite3-dev"),
)
BINFMT = Path("/proc/sys/fs/binfmt_misc")
# The header of this machine's ELF files, in binfmt_misc's syntax. F: the emulator is found in any root.
EMULATED = {
    "aarch64": (
        r":{name}:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
        r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
        r":/usr/bin/qemu-aarch64-static:F"
    )
}


@dataclass(frozen=True)
class Target:
    machine: str  # as reported by uname
    architecture: str  # in Debian's naming

    @property
    def is_emulated(self) -> bool:
        return self.machine != platform.machine()

    @property
    def root(self) -> Root:
        """The root for the build."""
        if not self.is_emulated:
            return Root("bullseye", (*TOOLS, *LIBRARIES), newer="trixie")
        compilers = (f"gcc-{self.machine}-linux-gnu", f"g++-{self.machine}-linux-gnu")
        theirs = tuple(f"{each}:{self.architecture}" for each in (*LIBRARIES, "libasan6", "libubsan1"))
        return Root("bullseye", (*TOOLS, *compilers, *theirs), "trixie", further=self.architecture)

    def bare_root(self, suite: str) -> Root:
        """The root for trying out the bundle."""
        return Root(suite, architecture=self.architecture if self.is_emulated else None)

    @property
    def out(self) -> Path:
        return CACHE / f"out-{self.machine}"

    def environment(self) -> list[str]:
        """The variables that release/parts/ reads."""
        return [f"MACHINE={self.machine}", f"ARCHITECTURE={self.architecture}"]

    def prepare(self) -> None:
        """Let the kernel run this machine's programs. Raises ReleaseError."""
        name = f"qemu-{self.machine}"
        if not self.is_emulated:
            return
        try:
            if not (BINFMT / "register").exists():
                subprocess.run(["mount", "-t", "binfmt_misc", "none", BINFMT], check=True)
            if not (BINFMT / name).exists():
                (BINFMT / "register").write_text(EMULATED[self.machine].format(name=name))
        except (OSError, subprocess.CalledProcessError) as error:
            raise ReleaseError(
                f"the kernel cannot be told how to run programs of {self.machine} ({error}): run this as "
                "root on a kernel that has binfmt_misc, with qemu-user-static installed."
            ) from None


TARGETS = {each.machine: each for each in (Target("x86_64", "amd64"), Target("aarch64", "arm64"))}


def this_machine() -> Target:
    """Raises ReleaseError."""
    machine = platform.machine()
    if machine not in TARGETS:
        raise ReleaseError(f"a bundle is for {' or '.join(TARGETS)}, and this machine is {machine}.")
    return TARGETS[machine]
