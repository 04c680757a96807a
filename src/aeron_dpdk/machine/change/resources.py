"""The things of a host that setup changes. Each can be read and written, and its state is a JSON value. So a
step is a resource with a state before and a state after, and undoing it means writing the state before.
"""

import stat
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.files import GRUBBY
from aeron_dpdk.machine.tree import Permissions

State = Any  # what JSON can hold; None if the thing is absent


@dataclass(frozen=True, slots=True)
class Resource(ABC):
    """`target` is a path, a name or a PCI address; with the kind it identifies the resource in the
    journal."""

    target: str
    kind: ClassVar[str]
    # Whether undo leaves it alone if others have changed it since.
    is_left_to_others: ClassVar[bool] = True
    # Whether it belongs to a module or a device: if that is gone, there is nothing to restore.
    can_vanish: ClassVar[bool] = False
    # Whether later steps change it too, so that its state must be kept even if this step changes nothing.
    is_always_kept: ClassVar[bool] = False

    @abstractmethod
    def read(self, system: System) -> State:
        """The present state. Raises OSError."""

    @abstractmethod
    def write(self, system: System, state: State) -> None:
        """Raises OSError."""

    @abstractmethod
    def name(self) -> str:
        """A name for people."""

    def show(self, state: State) -> str:
        return "not there" if state is None else str(state)

    def is_same(self, one: State, other: State) -> bool:
        return bool(one == other)


@dataclass(frozen=True, slots=True)
class KernelValue(Resource):
    """A file of sysfs or procfs that reads back as it was written."""

    kind = "kernel-value"
    can_vanish = True

    def read(self, system: System) -> State:
        return system.text(self.target)

    def write(self, system: System, state: State) -> None:
        if state is not None:
            system.write_value(self.target, state)

    def name(self) -> str:
        return self.target


@dataclass(frozen=True, slots=True)
class ConfigFile(Resource):
    """State: its text and mode."""

    kind = "file"

    def read(self, system: System) -> State:
        data = system.data(self.target)
        if data is None:
            return None
        mode = stat.S_IMODE(system.path(self.target).stat().st_mode)
        return {"text": data.decode(errors="surrogateescape"), "mode": mode}

    def write(self, system: System, state: State) -> None:
        if state is None:
            system.remove_file(self.target)
        else:
            system.replace_file(self.target, state["text"], state["mode"])

    def name(self) -> str:
        return self.target

    def show(self, state: State) -> str:
        if state is None:
            return "not there"
        lines = [line for line in state["text"].splitlines() if line and not line.startswith("#")]
        shown = "; ".join(lines[:4])
        return f'"{shown}"' if len(lines) <= 4 and len(shown) <= 160 else f"{len(lines)} lines"


@dataclass(frozen=True, slots=True)
class SymbolicLink(Resource):
    """State: its target. systemd enables a unit by such a link."""

    kind = "link"

    def read(self, system: System) -> State:
        place = system.path(self.target)
        return str(place.readlink()) if place.is_symlink() else None

    def write(self, system: System, state: State) -> None:
        if state is None:
            system.remove_file(self.target)
        else:
            system.link_file(self.target, state)

    def name(self) -> str:
        return self.target


@dataclass(frozen=True, slots=True)
class FilePermissions(Resource):
    """State: [uid, gid, mode]. If the device file is gone, so are they."""

    kind = "permissions"
    can_vanish = True

    def read(self, system: System) -> State:
        found = system.permissions(self.target)
        return None if found is None else [found.uid, found.gid, found.mode]

    def write(self, system: System, state: State) -> None:
        if state is not None:
            system.set_permissions(self.target, Permissions(*state))

    def name(self) -> str:
        return f"permissions of {self.target}"

    def show(self, state: State) -> str:
        return "not there yet" if state is None else str(Permissions(*state))


@dataclass(frozen=True, slots=True)
class KernelModule(Resource):
    """State: whether it is loaded."""

    kind = "module"

    def read(self, system: System) -> State:
        loaded = {line.split()[0] for line in system.lines("/proc/modules")}
        plain = self.target.replace("-", "_")
        return plain in loaded or system.exists(f"/sys/module/{plain}")

    def write(self, system: System, state: State) -> None:
        system.run(["modprobe", *([] if state else ["-r"]), self.target])

    def name(self) -> str:
        return f"kernel module {self.target}"

    def show(self, state: State) -> str:
        return "loaded" if state else "not loaded"


# Debian's and Ubuntu's update-grub reads every file there, in order.
GRUB_FILE = "/etc/default/grub.d/60-aeron-dpdk.cfg"


@dataclass(frozen=True, slots=True)
class BootArguments(Resource):
    """The kernel's command line at the next boot, set with the tool by which this distribution makes its boot
    menu. `target` is the arguments that matter to us, separated by blanks. State: those of them that are set.
    """

    kind = "boot-arguments"
    grub_file: ClassVar[str] = GRUB_FILE
    is_left_to_others = False

    def read(self, system: System) -> State:
        if system.exists(GRUBBY):
            shown = system.run(["grubby", "--info=DEFAULT"])
        else:
            shown = system.text(self.grub_file) or ""
        present = shown.replace('"', " ").split()
        return [argument for argument in self.target.split() if argument in present]

    def write(self, system: System, state: State) -> None:
        if system.exists(GRUBBY):
            gone = [argument for argument in self.target.split() if argument not in state]
            command = ["grubby", "--update-kernel=ALL"]
            if state:
                system.run([*command, f"--args={' '.join(state)}"])
            if gone:
                system.run([*command, f"--remove-args={' '.join(gone)}"])
            return
        if state:
            line = f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {" ".join(state)}"\n'
            system.replace_file(self.grub_file, f"# Written by aeron-dpdk setup.\n{line}", 0o644)
        else:
            system.remove_file(self.grub_file)
        system.run(["update-grub"])

    def name(self) -> str:
        return "kernel arguments at the next boot"

    def show(self, state: State) -> str:
        return " ".join(state) if state else "none of ours"


class CpuArguments(BootArguments):
    """The arguments that keep CPUs for us. They have a file of their own, since they come and go
    independently."""

    kind = "cpu-arguments"
    grub_file = "/etc/default/grub.d/61-aeron-dpdk-cpus.cfg"


@dataclass(frozen=True, slots=True)
class Change:
    """`why` is for the reader of the plan; `advice` says what to do if it fails."""

    resource: Resource
    after: State
    why: str
    advice: str = "see the kernel's messages (dmesg | tail)"
