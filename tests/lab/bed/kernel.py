"""The distribution's own kernel package, unpacked beside: nothing of it is installed on this machine."""

import fcntl
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.bed.installation import REPOSITORY
from tests.system.bed.namespace import BedError, run

CACHE = REPOSITORY / ".cache" / "lab"
META_PACKAGE = "linux-image-amd64"


@contextmanager
def preparing_alone() -> Iterator[None]:
    """Two runs at once must not fill the same folders of the cache: the second one waits, and finds them."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True)
class Kernel:
    """One unpacked kernel package."""

    release: str
    image: Path
    config: Path
    modules: Path
    """What the guest sees as /lib/modules/RELEASE."""


def package_name() -> str:
    """The real package behind the distribution's meta package, as apt's own lists say."""
    listing = run("apt-cache", "depends", META_PACKAGE)
    found = re.search(r"^ *Depends: (linux-image-\S+)", listing, re.MULTILINE)
    if found is None:
        raise BedError(
            f"apt-cache knows no package behind {META_PACKAGE}: run `apt-get update`, or use Debian"
        )
    return found[1]


def in_directory(tree: Path) -> Kernel:
    image = next(iter((tree / "boot").glob("vmlinuz-*")), None)
    if image is None:
        raise BedError(f"{tree} holds no kernel image: remove it, and the next run unpacks it anew")
    release = image.name.removeprefix("vmlinuz-")
    modules = next(path for path in (tree / "lib", tree / "usr" / "lib") if (path / "modules").is_dir())
    return Kernel(release, image, tree / "boot" / f"config-{release}", modules / "modules" / release)


def download(package: str, into: Path) -> Path:
    command = ("apt-get", "download", package)
    if subprocess.run(command, cwd=into, capture_output=True, check=False).returncode != 0:
        # The lists name a version that the mirror has replaced, or there are none yet.
        run("apt-get", "update")
        done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BedError(f"{' '.join(command)} failed, check the network: {done.stderr.strip()}")
    return next(into.glob("*.deb"))


def fetch_kernel() -> Kernel:
    """The kernel, from the cache or from the distribution's mirror (some 70 MB, once)."""
    package = package_name()
    home = CACHE / package
    if not home.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            tree = Path(scratch) / "tree"
            run("dpkg-deb", "-x", str(download(package, Path(scratch))), str(tree))
            kernel = in_directory(tree)
            # The package's own install script would do this.
            shutil.copy(tree / "boot" / f"System.map-{kernel.release}", kernel.modules / "System.map")
            run("depmod", "-b", str(kernel.modules.parents[2]), kernel.release)
            tree.rename(home)
    return in_directory(home)
