"""Who may do what: accounts, memory locking, socket buffers, device files, directories."""

from collections.abc import Iterator

from aeron_dpdk.machine.facts.machine import VFIO_DEVICES, Facts
from aeron_dpdk.machine.findings.finding import Check, Finding
from aeron_dpdk.machine.intent import Intent

ACCOUNT = Check(
    "account.user", "AERON_DPDK_USER and AERON_DPDK_GROUP name who aeronmd_dpdk becomes once the NIC is open"
)
MEMLOCK = Check("limits.memlock", "vfio locks all DMA memory, and an ordinary user may lock only this much")
VFIO_ACCESS = Check("vfio.access", "an ordinary user needs to read and write the NIC's own file in /dev/vfio")
SOCKETS = {
    name: Check(
        f"sockets.{name}",
        "Aeron refuses to start where a kernel socket does not get the buffer it asks for, even if DPDK "
        "carries all "
        "data",
    )
    for name in ("rmem", "wmem")
}
AERON_DIRECTORY = Check(
    "files.aeron-directory", "the Aeron directory belongs to the driver's user, and clients must reach it"
)
LEFTOVERS = Check(
    "files.leftovers", "a DPDK process that was killed can leave huge pages behind, which stay taken"
)

NEEDED_LOCK_BYTES = 1 << 30


def find_account(facts: Facts, intent: Intent) -> Iterator[Finding]:
    if intent.user_name is not None:
        if intent.user is None:
            yield ACCOUNT.fail(
                f"there is no user {intent.user_name}",
                f"sudo useradd --system {intent.user_name}, or correct AERON_DPDK_USER",
            )
        elif intent.user.uid == 0:
            yield ACCOUNT.warn(f"{intent.user_name} is root", "name an ordinary user")
        else:
            yield ACCOUNT.passed(f"{intent.user.name} is {intent.user.uid}:{intent.user.gid}")
    if intent.group_name is not None and intent.group_gid is None:
        yield ACCOUNT.fail(
            f"there is no group {intent.group_name}",
            f"sudo groupadd --system {intent.group_name}, or correct AERON_DPDK_GROUP",
        )
    if intent.starts_as_root and intent.user_name is None and facts.session.uid == 0:
        yield ACCOUNT.note("AERON_DPDK_USER is not set: aeronmd_dpdk would stay root", "set AERON_DPDK_USER")


def find_memlock(facts: Facts, intent: Intent) -> Iterator[Finding]:
    limit = facts.session.memlock_bytes
    if limit is None or limit >= NEEDED_LOCK_BYTES:
        yield MEMLOCK.passed("unlimited" if limit is None else f"{limit >> 20} MiB")
    elif intent.starts_as_root:
        yield MEMLOCK.passed(f"{limit >> 10} KiB here, which does not apply to root")
    else:
        name = intent.user.name if intent.user else "NAME"
        yield MEMLOCK.fail(
            f"{limit >> 10} KiB",
            f"sudo aeron-dpdk setup limits --user {name}, then log in again; in a unit, "
            f"LimitMEMLOCK=infinity",
            fixable=True,
        )


def find_vfio_access(facts: Facts, intent: Intent) -> Iterator[Finding]:
    user = intent.user
    if intent.starts_as_root or user is None:
        return
    for nic in facts.nics:
        if nic.driver != "vfio-pci" or nic.iommu_group is None:
            continue
        check = VFIO_ACCESS.of(nic.address)
        group = str(nic.iommu_group)
        place = f"{VFIO_DEVICES}/{group}"
        permissions = facts.vfio_devices.get(group)
        if permissions is None:
            yield check.fail(
                f"{place} is not there", "bind the NIC again; in a container, pass the device in"
            )
        elif permissions.allow_write(user.uid, user.gids):
            yield check.passed(f"{user.name} may use {place}")
        else:
            yield check.fail(
                f"{place} is {permissions}: {user.name} may not use it",
                f"sudo aeron-dpdk setup permissions --user {user.name}",
                fixable=True,
            )


def find_sockets(facts: Facts, intent: Intent) -> Iterator[Finding]:
    """As aeron_driver_validate_sufficient_socket_buffer_lengths(): a window larger than the buffer is an
    error; a buffer smaller than requested is a warning."""
    asked = {"rmem": intent.socket_rcvbuf_bytes, "wmem": intent.socket_sndbuf_bytes}
    limits = {"rmem": facts.files.rmem_max, "wmem": facts.files.wmem_max}
    settings = {"rmem": "AERON_SOCKET_SO_RCVBUF", "wmem": "AERON_SOCKET_SO_SNDBUF"}
    for name, limit in limits.items():
        if limit is None:
            continue
        shown = f"net.core.{name}_max is {limit}"
        if name == "rmem" and limit < intent.window_bytes:
            window = "AERON_RCV_INITIAL_WINDOW_LENGTH"
            seen = f"{shown}, less than {window} of {intent.window_bytes}"
            fix = _raise_sockets(window, intent.window_bytes)
            yield SOCKETS[name].fail(seen, fix, fixable=not facts.in_container)
        elif limit < asked[name]:
            seen = f"{shown}, less than the socket buffer of {asked[name]} that Aeron is set to request"
            fix = _raise_sockets(settings[name], asked[name])
            yield SOCKETS[name].warn(seen, fix, fixable=not facts.in_container)
        else:
            yield SOCKETS[name].passed(f"{shown}, enough")


def _raise_sockets(setting: str, length: int) -> str:
    """With the value as an argument: the setting may be in a property file, and sudo does not keep the
    environment."""
    return f"sudo env {setting}={length} aeron-dpdk setup sockets"


def find_aeron_directory(facts: Facts, intent: Intent) -> Iterator[Finding]:
    owner, user = intent.aeron_directory_permissions, intent.user
    if owner is None or user is None:
        return
    if owner.uid == user.uid:
        yield AERON_DIRECTORY.passed(f"{intent.aeron_directory} belongs to {user.name}")
    else:
        yield AERON_DIRECTORY.fail(
            f"{intent.aeron_directory} belongs to user {owner.uid}, but {user.name} is to run the driver",
            f"sudo rm -r {intent.aeron_directory} once no driver runs there, or set AERON_DIR",
        )


def find_leftovers(facts: Facts, intent: Intent) -> Iterator[Finding]:
    pages, prefixes = facts.files.huge_files, facts.files.dead_prefixes
    if pages:
        yield LEFTOVERS.warn(
            f"{len(pages)} huge page files of processes that are gone, such as {pages[0]}",
            f"sudo rm {' '.join(sorted({page.rpartition('map_')[0] + 'map_*' for page in pages}))}",
        )
    if prefixes:
        yield LEFTOVERS.note(
            f"runtime directories of ended DPDK processes: {', '.join(prefixes)}; they do no harm"
        )
    if not pages and not prefixes:
        yield LEFTOVERS.passed("none")
