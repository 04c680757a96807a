"""Our driver on DPDK as distributions to come have it: Debian sid's, in the root that has the lab's QEMU.

Headers, DPDK and C library are that root's; compiler and Python are this machine's. A current C library runs
what was made for an older one.
"""

import compileall
import shutil
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

from tests.lab.bed import qemu
from tests.lab.bed.kernel import CACHE
from tests.system.bed.installation import REPOSITORY, Installation
from tests.system.bed.namespace import run

HOME = CACHE / "current-dpdk"
PACKAGES = HOME / "packages"
# Without site, whose .pth file names the package as it is built for this machine.
PROGRAM = """#!/bin/sh
export PYTHONPATH={packages}:{dependencies}
exec {loader} --argv0 {python} {python} -S -c \\
    'import sys; from aeron_dpdk.{module} import main; sys.argv[0] = "{path}"; main()' {arguments} "$@"
"""


def root() -> Path:
    """The root with all of DPDK in it: 60 MB more, once."""
    found = qemu.fetch().root
    if not (found / qemu.LIBRARIES / "pkgconfig" / "libdpdk.pc").exists():
        apt = ("chroot", str(found), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y")
        # A mirror may be older than what sid allows; signatures are checked all the same.
        run(*apt, "-o", "Acquire::Check-Valid-Until=false", "update")
        run(*apt, "--no-install-recommends", "install", "libdpdk-dev")
        run(*apt, "clean")
    return found


def build(installed: Installation) -> Installation:
    """The same clients, another driver. What has not changed since the last time is not compiled again."""
    there = root()
    compile_native_half(there)
    native_half = shutil.ignore_patterns("*.so", "lib", "bin", "__pycache__", "_build_info.py")
    ours = REPOSITORY / "src" / "aeron_dpdk"
    shutil.copytree(ours, PACKAGES / ours.name, ignore=native_half, dirs_exist_ok=True)
    compileall.compile_dir(PACKAGES, quiet=1)
    (drivers,) = (there / qemu.LIBRARIES / "dpdk").glob("pmds-*")
    write_program(there, "aeron-dpdk", "tools.main")
    return replace(
        installed, aeronmd_dpdk=write_program(there, "aeronmd_dpdk", "driver.main", f"-d {drivers}")
    )


def compile_native_half(there: Path) -> None:
    """Raises BedError with what the compiler says; a warning is an error."""
    tools = Path(sys.executable).parent
    environment = {
        "PKG_CONFIG_SYSROOT_DIR": there,
        "PKG_CONFIG_LIBDIR": there / qemu.LIBRARIES / "pkgconfig",
        "PKG_CONFIG_ALLOW_SYSTEM_LIBS": 1,
    }
    cmake = ("env", *(f"{name}={value}" for name, value in environment.items()), str(tools / "cmake"))
    if not (HOME / "build.ninja").exists():
        options = {
            "Python_EXECUTABLE": sys.executable,
            "CMAKE_MAKE_PROGRAM": tools / "ninja",
            # The linker scripts among the root's libraries name files of the root.
            "CMAKE_MODULE_LINKER_FLAGS": f"-Wl,--sysroot={there}",
        }
        settings = (f"-D{name}={value}" for name, value in options.items())
        run(*cmake, "-S", str(REPOSITORY), "-B", str(HOME), "-G", "Ninja", *settings)
    run(*cmake, "--build", str(HOME))
    run(*cmake, "--install", str(HOME), "--prefix", str(PACKAGES), "--component", "python")


def write_program(there: Path, name: str, module: str, arguments: str = "") -> Path:
    path = HOME / name
    text = PROGRAM.format(
        packages=PACKAGES,
        dependencies=sysconfig.get_path("purelib"),
        loader=" ".join(qemu.loader(there)),
        python=sys.executable,
        module=module,
        path=path,
        arguments=arguments,
    )
    path.write_text(text)
    path.chmod(0o755)
    return path
