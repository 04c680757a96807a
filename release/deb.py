"""A Debian package, built by dpkg-deb. Debian Policy specifies the files of DEBIAN/."""

import gzip
import hashlib
import platform
import textwrap
from email.utils import format_datetime
from pathlib import Path

from release.package import Format, Package, make_tree
from release.project import PROJECT
from release.steps import logged

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# The meaning of dpkg's arguments: deb-postinst(5), deb-prerm(5), deb-postrm(5).
SCRIPTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("postinst", {"configure": "after-install"}),
    ("prerm", {"remove": "before-remove"}),
    ("postrm", {"remove": "after-remove", "purge": "after-purge"}),
)


def build_deb(package: Package, bundle: Path, folder: Path, out: Path) -> Path:
    """Builds the package into `out`; `folder` is for the tree. Raises ReleaseError."""
    top = folder / "deb"
    make_tree(package, Format.DEB, bundle, top)
    documents = top / str(package.text["tree"]["documents"]).lstrip("/")
    (documents / "copyright").write_text(copyright_text(package))
    (documents / "changelog.Debian.gz").write_bytes(gzip.compress(changelog(package).encode(), mtime=0))
    overrides = top / "usr/share/lintian/overrides" / package.name
    overrides.parent.mkdir(parents=True)
    overrides.write_text((PROJECT / "packaging/package/lintian-overrides").read_text())
    control = top / "DEBIAN"
    sums, size = md5_sums(top), sum(path.lstat().st_size for path in top.rglob("*"))
    control.mkdir()
    (control / "md5sums").write_text(sums)
    (control / "control").write_text(control_text(package, size // 1024))
    (control / "conffiles").write_text("".join(f"{name}\n" for name in package.configuration))
    for name, moments in SCRIPTS:
        (control / name).write_text(maintainer_script(package, moments))
        (control / name).chmod(0o755)
    made = out / f"{package.name}_{package.release}_{ARCHITECTURES[platform.machine()]}.deb"
    build = ["env", f"SOURCE_DATE_EPOCH={package.made}", "dpkg-deb", "--root-owner-group", "-Zxz", "--build"]
    logged([*build, str(top), str(made)], "packages-deb")
    return made


def control_text(package: Package, size_kib: int) -> str:
    lines = [
        f"Package: {package.name}",
        f"Version: {package.release}",
        f"Architecture: {ARCHITECTURES[platform.machine()]}",
        f"Maintainer: {package.maintainer}",
        f"Installed-Size: {size_kib}",
        f"Depends: {', '.join(package.text['deb']['needs'])}",
        f"Section: {package.text['section']}",
        "Priority: optional",
        f"Description: {package.text['summary']}",
    ]
    lines += [f" {line or '.'}" for line in package.description(76)]
    return "\n".join(lines) + "\n"


def maintainer_script(package: Package, moments: dict[str, str]) -> str:
    cases = "".join(
        f"{argument})\n{textwrap.indent(package.script(moment), '    ')}    ;;\n"
        for argument, moment in moments.items()
    )
    return f'#!/bin/sh\nset -e\ncase "$1" in\n{cases}esac\n'


def md5_sums(top: Path) -> str:
    files = sorted(path for path in top.rglob("*") if path.is_file() and not path.is_symlink())
    return "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(top)}\n"
        for path in files
    )


def changelog(package: Package) -> str:
    return (
        f"{package.name} ({package.release}) unstable; urgency=medium\n\n"
        f"  * Release {package.version}: changelog.gz says what is new.\n\n"
        f" -- {package.maintainer}  {format_datetime(package.date)}\n"
    )


def copyright_text(package: Package) -> str:
    place = package.text["tree"]["place"]
    return f"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {package.name}
Comment: Python, DPDK, Aeron and the libraries that these need are inside. Their licences are in
 {place}/licences, and sbom.cdx.json in this folder lists them.

Files: *
Copyright: {package.date:%Y} the authors of {package.name}
License: {package.licence}
 On Debian systems, /usr/share/common-licenses/Apache-2.0 has the text.
"""
