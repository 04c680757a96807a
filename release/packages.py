"""`./dev packages`: the .deb and the .rpm, in dist/, from the bundle's tree."""

import shutil
import sys
from pathlib import Path

from release.bundle import build
from release.deb import build_deb
from release.package import Package, read_package
from release.project import DIST, PROJECT
from release.rpm import build_rpm
from release.steps import run_verb, say

TESTS = ("tests/release/test_installed_package.py", "tests/release/test_under_systemd.py")
FOLDER = PROJECT / "build" / "packages"


def build_packages(package: Package, bundle: Path, folder: Path, out: Path) -> tuple[Path, Path]:
    """Builds the .deb and the .rpm into `out`; `folder`, emptied first, is for their trees. Raises
    ReleaseError."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    out.mkdir(exist_ok=True)
    return build_deb(package, bundle, folder, out), build_rpm(package, bundle, folder, out)


def make() -> tuple[Path, Path]:
    tree, _ = build()
    say("the packages")
    return build_packages(read_package(), tree, FOLDER, DIST)


if __name__ == "__main__":
    sys.exit(run_verb("packages", make, TESTS))
