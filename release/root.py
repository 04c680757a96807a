"""Roots of Debian releases, made by debootstrap, and commands that run inside them.

A root is a folder below `.cache/release/`. Its mounts are in a mount namespace of the command, so that a
killed command leaves none behind. Needs root, as debootstrap and chroot do.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release.project import PROJECT, ReleaseError
from release.steps import logged

CACHE = PROJECT / ".cache" / "release"
KEYRINGS = "/usr/share/keyrings"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# /checkout is the project; /out receives results. The root is a mount, as a real one is: rpm needs that.
ENTER = """
mount --make-rprivate /
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
mount --rbind /sys "$0/sys"
mkdir -p "$0/checkout" "$0/out"
mount --bind "$1" "$0/checkout"
mount --bind "$2" "$0/out"
root="$0"; shift 2
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
"""


def mirror() -> str:
    """The Debian mirror that this system itself installs from."""
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    uris = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    for uri in uris:
        if uri.rstrip("/").endswith("/debian"):
            return uri.rstrip("/")
    raise ReleaseError("apt knows no Debian mirror here (none of its sources ends in /debian): add one.")


def inside(folder: Path, command: Sequence[str], out: Path) -> list[str]:
    """A host command that runs the command in the root at `folder`."""
    out.mkdir(parents=True, exist_ok=True)
    enter = ["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-ec", ENTER]
    return [*enter, str(folder), str(PROJECT), str(out), *command]


@dataclass(frozen=True)
class Root:
    """One Debian release with the packages in it."""

    suite: str
    packages: tuple[str, ...] = ()
    newer: str | None = None  # a release for apt-get source and download; nothing from it is installed
    # In Debian's naming; its packages are only unpacked. None: this machine's.
    architecture: str | None = None
    # A second architecture; `packages` has what to install of it as NAME:ARCHITECTURE.
    further: str | None = None

    @property
    def folder(self) -> Path:
        others = [each for each in (self.architecture, self.further) if each is not None]
        text = " ".join((self.suite, *self.packages, "/", self.newer or "", *others))
        return CACHE / f"{'-'.join((self.suite, *others))}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def make(self) -> None:
        """Makes the folder; it gets its name last, so it is complete or absent. Raises ReleaseError."""
        if self.folder.exists():
            return
        if os.geteuid() != 0:
            raise ReleaseError("debootstrap and chroot need root: run the same command with sudo.")
        part = self.folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        base = ["debootstrap", "--variant=minbase", "--include=ca-certificates"]
        if self.architecture is not None:
            # The base system's files, not configured: an emulated dpkg is slow.
            base += [f"--arch={self.architecture}", "--foreign"]
        logged([*base, self.suite, str(part), mirror()], f"debootstrap-{self.suite}")
        proc = part / "proc"
        if proc.is_symlink():  # to the host's: debootstrap's choice for a root not configured, in a container
            proc.unlink()
            proc.mkdir()
        self._add_sources(part)
        if self.packages:
            add = f"dpkg --add-architecture {self.further} && " if self.further is not None else ""
            listed = " ".join(self.packages)
            install = f"{add}apt-get update && apt-get install -y --no-install-recommends {listed}"
            logged(inside(part, ["sh", "-c", install], CACHE), f"packages-{self.suite}")
        part.rename(self.folder)

    def _add_sources(self, part: Path) -> None:
        shutil.copy("/etc/resolv.conf", part / "etc")
        # dpkg need not sync what it writes: a root whose making was interrupted is made again from the start.
        (part / "etc/dpkg/dpkg.cfg.d/90unsafe-io").write_text("force-unsafe-io\n")
        # A mirror may be further behind than sid's Valid-Until permits; signatures are still checked.
        (part / "etc/apt/apt.conf.d/90mirror").write_text('Acquire::Check-Valid-Until "false";\n')
        for key in Path(KEYRINGS).glob("debian-archive-*.gpg"):
            shutil.copy(key, part / KEYRINGS.lstrip("/"))
        lines = [f"deb {mirror()} {self.suite} main"]
        if self.newer is not None:
            signer = f"{KEYRINGS}/debian-archive-{self.newer}-automatic.gpg"
            lines += [
                f"{kind} [signed-by={signer}] {mirror()} {self.newer} main" for kind in ("deb", "deb-src")
            ]
            pin = f"Package: *\nPin: release n={self.newer}\nPin-Priority: 1\n"
            (part / "etc/apt/preferences").write_text(pin)
        (part / "etc/apt/sources.list").write_text("\n".join(lines) + "\n")

    def settings_of_pip(self) -> list[str]:
        """The variables NAME=VALUE with which pip in the root finds packages as pip does here."""
        (self.folder / CERTIFICATES.relative_to("/")).write_bytes(CERTIFICATES.read_bytes())
        return [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]

    def copy(self, to: Path) -> None:
        """Copies the root, for tests that install something in it."""
        self.make()
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.folder), str(to)], check=True)

    def run(self, command: Sequence[str], name: str, out: Path) -> None:
        """Run a command in the root, with the project at /checkout and `out` at /out. Raises ReleaseError."""
        logged(self.inside(command, out), name)

    def inside(self, command: Sequence[str], out: Path) -> list[str]:
        """A host command that runs the command in this root."""
        return inside(self.folder, command, out)
