"""The kernel's command line at the next boot, through whatever this distribution makes its boot menu with."""

from dataclasses import dataclass
from typing import ClassVar

from aeron_dpdk.machine.change.resources import Resource, State
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.files import GRUBBY

# Debian's and Ubuntu's update-grub reads every file there, in order.
GRUB_FILE = "/etc/default/grub.d/60-aeron-dpdk.cfg"


@dataclass(frozen=True, slots=True)
class BootArguments(Resource):
    """`target` is the arguments we care about, with blanks between. State: those of them that are set."""

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
    """Those that keep CPUs for us, in a file of their own: they come and go apart from the others."""

    kind = "cpu-arguments"
    grub_file = "/etc/default/grub.d/61-aeron-dpdk-cpus.cfg"
