"""A guest to try things in, `./dev lab --stay [--no-iommu]`: it lives until its standard input ends."""

import shlex
import sys

from tests.lab.fixtures import boot
from tests.lab.fixtures.guest import Guest
from tests.lab.machines import with_iommu, without_iommu
from tests.system.fixtures.namespace import LabError


def introduction(guest: Guest) -> str:
    nics = [
        f"  {nic.pci_address}  {nic.model:15} {nic.address}/24, the other end {guest.far(nic).address}"
        for nic in guest.hardware.nics
    ]
    calls = [
        f'  {name}() {{ {shlex.join(command)} "$@"; }}'
        for name, command in (("guest", guest.inside.command()), ("other", guest.outside.command()))
    ]
    return "\n".join(
        (
            "The guest is up. Its NICs:",
            *nics,
            "From another terminal, for commands in it and at the other end of its NICs:",
            *calls,
            "Ctrl-D ends it.",
        )
    )


def main() -> str | None:
    """What stood in the way."""
    if reason := boot.why_not():
        return f"No guest can run: {reason}"
    machine = without_iommu if "--no-iommu" in sys.argv[1:] else with_iommu
    try:
        with machine(boot.fetch(), "stay") as guest:
            print(introduction(guest), flush=True)
            sys.stdin.read()
    except LabError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
