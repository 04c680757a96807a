"""What the .deb and the .rpm have in common: packaging/package/package.toml, and the file tree made from
it."""

import gzip
import os
import shutil
import textwrap
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from release.completion import script
from release.man import pages
from release.project import PROJECT, commit_time, git, settings

PACKAGING = PROJECT / "packaging"
DESCRIPTION = PACKAGING / "package" / "package.toml"
DOCUMENTS = ("README.md", "docs", "sbom.cdx.json")


class Format(StrEnum):
    DEB = "deb"
    RPM = "rpm"


@dataclass(frozen=True)
class Package:
    """package.toml, together with data from pyproject.toml and git."""

    name: str
    version: str
    licence: str
    made: int  # seconds since 1970: the commit's time
    maintainer: str
    text: dict[str, Any]

    @property
    def release(self) -> str:
        return f"{self.version}-{self.text['release']}"

    @property
    def date(self) -> datetime:
        return datetime.fromtimestamp(self.made, UTC)

    @property
    def configuration(self) -> list[str]:
        return [each["to"] for each in self.text["file"] if each.get("configuration", False)]

    def description(self, width: int) -> list[str]:
        """Lines, with an empty one between paragraphs."""
        lines: list[str] = []
        for paragraph in self.text["description"].strip().split("\n\n"):
            lines += [*([""] if lines else []), *textwrap.wrap(paragraph, width, break_on_hyphens=False)]
        return lines

    def script(self, moment: str) -> str:
        """The shell commands of `after-install`, `before-remove` and so on."""
        return (PACKAGING / "package" / f"{moment}.sh").read_text()


def read_package(version: str | None = None) -> Package:
    """Reads this checkout's; a different version is for testing an upgrade. Raises ReleaseError."""
    ours = settings()
    return Package(
        ours["name"],
        version or ours["version"],
        ours["license"],
        commit_time(),
        _maintainer(),
        tomllib.loads(DESCRIPTION.read_text()),
    )


def _maintainer() -> str:
    """The builder's name and address, from Debian's variables or else from git's settings."""
    name = os.environ.get("DEBFULLNAME") or git("log", "-1", "--format=%cn")
    mail = os.environ.get("DEBEMAIL") or git("log", "-1", "--format=%ce")
    return f"{name} <{mail}>"


def make_tree(package: Package, kind: Format, bundle: Path, top: Path) -> None:
    """Writes all files of the package below `top`, which is emptied first."""
    shutil.rmtree(top, ignore_errors=True)
    tree = package.text["tree"]
    place, documents = _in(top, tree["place"]), _in(top, tree["documents"])
    shutil.copytree(bundle, place, symlinks=True)
    documents.mkdir(parents=True)
    for name in DOCUMENTS:
        shutil.move(place / name, documents / name)
    _write_gzip(documents / "changelog.gz", (place / "CHANGELOG.md").read_text())
    (place / "CHANGELOG.md").unlink()
    shutil.rmtree(place / "systemd")
    for program in tree["programs"]:
        link = _in(top, f"/usr/bin/{program}")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(place / program, link.parent))
    for file in package.text["file"]:
        _write(_in(top, file["to"]), (PACKAGING / file["from"]).read_text())
    for name, text in pages(package.version, f"{package.date:%Y-%m-%d}").items():
        _write_gzip(_in(top, f"/usr/share/man/man{name[-1]}/{name}.gz"), text)
    for shell, where in package.text[kind]["completion"].items():
        _write(_in(top, where), script(shell))
    _set_modes(top)


def _in(top: Path, where: str) -> Path:
    return top / where.lstrip("/")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _write_gzip(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _set_modes(top: Path) -> None:
    """Whatever the builder's umask: everybody may read, only root may write."""
    for path in [top, *top.rglob("*")]:
        if path.is_symlink():
            continue
        is_open = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_open else 0o644)
