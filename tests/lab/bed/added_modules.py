"""A kernel with what users add to Debian's: igb_uio, and a vfio that has its no-IOMMU mode.

Both are built from the distribution's own sources against its own headers; nothing is installed here.
"""

import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.lab.bed.kernel import CACHE, Kernel, download, preparing_alone
from tests.system.bed.namespace import run

MODE = "CONFIG_VFIO_NOIOMMU"
VFIO = Path("kernel/drivers/vfio/vfio.ko")
# Of drivers/vfio, vfio.ko alone has the mode in it.
NOT_BUILT = ("VFIO_PCI", "VFIO_IOMMU_TYPE1", "VFIO_VIRQFD", "VFIO_MDEV")


def fetch(kernel: Kernel) -> Kernel:
    """From the cache, or built: 150 MB of packages and half a minute, once."""
    home = CACHE / f"{kernel.release}-added"
    with preparing_alone():
        if not home.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                build(kernel, Path(scratch))
                os.rename(Path(scratch) / "tree", home)
    return replace(kernel, config=home / "config", modules=home / "lib" / "modules" / kernel.release)


def build(kernel: Kernel, scratch: Path) -> None:
    """A tree of modules and a configuration in `scratch`/tree."""
    headers = unpack_headers(kernel, scratch)
    modules = scratch / "tree" / "lib" / "modules" / kernel.release
    modules.parent.mkdir(parents=True)
    run("cp", "-al", str(kernel.modules), str(modules))

    (modules / VFIO).unlink()
    shutil.copy(compile_vfio(kernel, headers, scratch), modules / VFIO)
    (modules / "extra").mkdir()
    shutil.copy(compile_igb_uio(headers, scratch), modules / "extra")
    for listing in modules.glob("modules.*"):
        # Linked to the other tree's, which depmod must not write to.
        shutil.copy(listing, scratch / "listing")
        os.replace(scratch / "listing", listing)
    run("depmod", "-b", str(scratch / "tree"), kernel.release)
    config = kernel.config.read_text().replace(f"# {MODE} is not set", f"{MODE}=y")
    (scratch / "tree" / "config").write_text(config)


def unpack(package: str, scratch: Path, into: Path) -> None:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        run("dpkg-deb", "-x", str(download(package, Path(folder))), str(into))


def unpack_headers(kernel: Kernel, scratch: Path) -> Path:
    """Where `make -C` finds them."""
    root, package = scratch / "headers", f"linux-headers-{kernel.release}"
    listing = run("apt-cache", "depends", package)
    for each in (package, *re.findall(r"Depends: (linux-(?:headers|kbuild)-\S+)", listing)):
        unpack(each, scratch, root)
    folder = root / "usr" / "src" / package
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text().replace("/usr/src/", f"{root}/usr/src/"))
    return folder


def compile_igb_uio(headers: Path, scratch: Path) -> Path:
    root = scratch / "igb_uio"
    unpack("dpdk-kmods-dkms", scratch, root)
    (folder,) = (root / "usr" / "src").iterdir()
    run("make", "-C", str(headers), f"M={folder}", "modules")
    return folder / "igb_uio.ko"


def compile_vfio(kernel: Kernel, headers: Path, scratch: Path) -> Path:
    root, series = scratch / "source", ".".join(kernel.release.split(".")[:2])
    unpack(f"linux-source-{series}", scratch, root)
    name = f"linux-source-{series}"
    archive = next((root / "usr" / "src").glob(f"{name}.tar.*"))
    run("tar", "-x", "-C", str(root), "-f", str(archive), f"{name}/drivers/vfio")
    archive.unlink()
    folder = root / name / "drivers" / "vfio"
    others = [f"CONFIG_{option}=" for option in NOT_BUILT]
    switched_on = (f"{MODE}=y", f"CFLAGS_MODULE=-D{MODE}=1")
    run("make", "-C", str(headers), f"M={folder}", *switched_on, *others, "modules")
    return folder / "vfio.ko"
