"""A host for scripts that use two machines: with its own network, processes, /dev/shm and /tmp."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.fixtures.namespace import LabError
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.topology import End

START_TIMEOUT_S = 20.0
FIRST = "mount -t tmpfs shm /dev/shm && mount -t tmpfs tmp /tmp && echo up && exec sleep infinity"
SSH = """#!/bin/sh
# Replaces ssh USER@HOST COMMAND: runs the command as root in the host of that name.
while [ "${{1#-}}" != "$1" ]; do shift 2; done
exec nsenter --target "$(cat {pids}/"${{1#*@}}")" --pid --mount --net -- env -i {environment} bash -c "$2"
"""
SCP = """#!/bin/sh
# Replaces scp USER@HOST:FILE DIRECTORY.
while [ "${{1#-}}" != "$1" ]; do shift 2; done
at=${{1%%:*}} file=${{1#*:}}
nsenter --target "$(cat {pids}/"${{at#*@}}")" --mount -- cat "$file" > "$2/$(basename "$file")"
"""


@dataclass(frozen=True, slots=True)
class Host:
    end: End
    first: int
    """The process with number 1 in this host, by its number outside."""

    def command(self, *command: str) -> tuple[str, ...]:
        return ("nsenter", f"--target={self.first}", "--pid", "--mount", "--net", "--", *command)

    def bytes_on_the_wire(self) -> tuple[int, int]:
        """Sent, and received, by the interface below the port."""
        (link,) = json.loads(
            self.end.namespace.ip("-json", "-statistics", "link", "show", self.end.interface)
        )
        return link["stats64"]["tx"]["bytes"], link["stats64"]["rx"]["bytes"]


@contextmanager
def host(end: End) -> Iterator[Host]:
    """Nothing that was started in it outlives it."""
    own = ("unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc")
    outer = ChildProcess(end.namespace.command(*own, "sh", "-c", FIRST))
    try:
        if outer.next_line(START_TIMEOUT_S) != "up":
            raise LabError(f"{outer}:\n{outer.output}")
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        yield Host(end, int(children[0]))
    finally:
        outer.kill()


def reachable(hosts: Mapping[str, Host], folder: Path, environment: Mapping[str, str]) -> str:
    """Make commands `ssh` and `scp` that reach these hosts by name; return PATH with them in front."""
    pids = folder / "pids"
    pids.mkdir(parents=True)
    for name, each in hosts.items():
        (pids / name).write_text(str(each.first))
    settings = " ".join(f"'{name}={value}'" for name, value in environment.items())
    for name, text in (("ssh", SSH), ("scp", SCP)):
        program = folder / name
        program.write_text(text.format(pids=pids, environment=settings))
        program.chmod(0o755)
    return f"{folder}:{environment['PATH']}"
