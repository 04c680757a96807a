"""From settings to a running driver and back: the order of steps, in one place.

Settings, checks, EAL, port, privileges, Aeron driver, ready, control loop, orderly stop. Aeron's files are
made by the user that we have become. Whatever was opened is closed in reverse, at whichever step the start
ends.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from aeron_dpdk.control.loop import ControlLoop
from aeron_dpdk.control.routing import Identity, Routing
from aeron_dpdk.driver import privileges
from aeron_dpdk.driver.aeron_directory import is_left_by_crash, refuse_unwritable, remove_unfinished
from aeron_dpdk.driver.aeron_settings import AeronSettings, read_aeron_settings, resource_agent_idles
from aeron_dpdk.driver.affinity import plan_affinity
from aeron_dpdk.driver.answering import Answering
from aeron_dpdk.driver.device_watch import DeviceWatch, KernelDrops
from aeron_dpdk.driver.eal_arguments import allowed_devices, complete_eal_arguments
from aeron_dpdk.driver.interface_settings import InterfaceSettings, host_of, overlaps
from aeron_dpdk.driver.observation import Observation, ObservedInterface
from aeron_dpdk.driver.open_interface import OpenInterface, open_interfaces
from aeron_dpdk.driver.preflight import (
    check_huge_pages,
    check_process_type,
    check_socket_buffers,
)
from aeron_dpdk.driver.privileges import Credentials
from aeron_dpdk.driver.service import Service, own_service
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.errors import AeronDpdkError, PortError
from aeron_dpdk.machine.change.outside_setup import clear_memif_sockets
from aeron_dpdk.machine.facts.memory import read_huge_pages
from aeron_dpdk.machine.facts.port_device import interface_of, presence_of
from aeron_dpdk.machine.facts.session import probe_socket_buffers
from aeron_dpdk.machine.thread_cpus import read_topology
from aeron_dpdk.machine.tree import Tree
from aeron_dpdk.seam import DriverPart, Parts, PortInfo, StackPart

LOG = getLogger("aeron_dpdk.driver")


@dataclass(frozen=True, slots=True)
class Ready:
    """The facts of the ready line."""

    settings: Settings
    ports: tuple[PortInfo, ...]
    threading_mode: str
    aeron_directory: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class StartPlan:
    """All decisions, made before the first effect. If `account` is None, the user stays."""

    settings: Settings
    aeron: AeronSettings
    account: Credentials | None
    environment: Mapping[str, str | None]
    eal_arguments: tuple[str, ...]


def plan_start(settings: Settings) -> StartPlan:
    """Raises all errors that can be found without a device."""
    account = privileges.account_to_become(settings.user, settings.group)
    if account is not None:
        privileges.refuse_unreadable(account)
    changes = dict(settings.environment)
    environment = _changed(os.environ, changes)
    if environment.get("AERON_DIR") == "":
        changes["AERON_DIR"] = None  # Aeron would take the empty name for a directory
        environment = _changed(os.environ, changes)
    if account is not None and "AERON_DIR" not in environment:
        # That user's clients look there; Aeron's default depends on $USER, which may still be root.
        changes["AERON_DIR"] = f"/dev/shm/aeron-{account.name}"
        environment = _changed(os.environ, changes)
    aeron = read_aeron_settings(environment)
    cpus = os.sched_getaffinity(0)
    affinity = plan_affinity(
        aeron,
        cpus,
        settings.threads_from_cgroup,
        read_topology(Tree(), cpus, tuple(allowed_devices(settings.eal_arguments))),
    )
    changes.update(affinity.environment)
    changes.update(resource_agent_idles(environment))
    for warning in affinity.warnings:
        LOG.warning("%s", warning)
    for overlap in overlaps(settings.interfaces):
        LOG.warning("%s", overlap)
    check_process_type(settings.eal_arguments)
    check_huge_pages(settings.eal_arguments, read_huge_pages())
    check_socket_buffers(aeron, probe_socket_buffers(aeron.socket_sndbuf, aeron.socket_rcvbuf))
    if is_left_by_crash(aeron):
        LOG.warning("%s was left by a driver that crashed, and is created again", aeron.directory)
        changes["AERON_DIR_DELETE_ON_START"] = "true"
    eal_arguments = complete_eal_arguments(settings.eal_arguments, cpus, affinity.main_cpu)
    return StartPlan(settings, aeron, account, changes, eal_arguments)


def serve(
    settings: Settings,
    parts: Parts,
    stop: Callable[[], bool],
    on_ready: Callable[[Ready], None],
    *,
    stop_descriptor: int,
    owns_process: bool,
) -> None:
    """Runs a media driver on the calling thread, which becomes DPDK's main lcore, until `stop()` is true or
    an Aeron client ends it. `stop_descriptor` becomes readable no later than `stop()` becomes true.
    `owns_process` is False in a process that embeds us. Raises AeronDpdkError.
    """
    plan = plan_start(settings)
    with ExitStack() as undo:
        started = _start(plan, parts, stop, undo)
        if started is None:
            return
        interfaces, driver = started
        loop = _control_loop(interfaces)
        loop.listen(stop_descriptor)
        observed = _observe_all(interfaces, loop, settings, undo)
        _answer(Observation(parts, observed, driver.threading_mode), loop, Path(driver.aeron_directory), undo)
        _note_aeron_errors(loop, Path(driver.aeron_directory), undo)
        service = _tell_service_manager(loop, undo) if owns_process else None
        is_stopped = _any(stop, driver.is_terminated)
        if not _has_addresses_alone(loop, settings.interfaces, is_stopped):
            return
        on_ready(
            Ready(
                settings,
                tuple(each.port for each in interfaces),
                driver.threading_mode,
                driver.aeron_directory,
                os.geteuid(),
                os.getegid(),
            )
        )
        if service is not None:
            service.is_ready()
        loop.run(is_stopped, collector_rests=owns_process)
        loop.farewell()
        if service is not None:
            service.is_stopping()
        LOG.info("stopping%s", " at a client's request" if driver.is_terminated() else "")


def _control_loop(interfaces: Sequence[OpenInterface]) -> ControlLoop:
    """If there are several interfaces, log lines about one begin with its name."""
    first, *further = interfaces
    prefix = f"{first.name}: " if further else ""
    loop = ControlLoop(first.stack, _identity(first), ipv6=first.ipv6, prefix=prefix)
    settings = [each.settings for each in interfaces]
    for at, each in enumerate(further, 1):
        host = host_of(each.settings, settings)
        shared = None if host == at else host
        loop.add(each.stack, _identity(each), each.ipv6, f"{each.name}: ", shared)
    return loop


def _observe_all(
    interfaces: Sequence[OpenInterface], loop: ControlLoop, settings: Settings, undo: ExitStack
) -> tuple[ObservedInterface, ...]:
    """Watches each device once, however many interfaces share it."""
    watches: dict[int, DeviceWatch] = {}
    observed = []
    for opened, control in zip(interfaces, loop.interfaces, strict=True):
        port_id = opened.settings.port_id
        if port_id not in watches:
            watches[port_id] = _watch_device(opened, loop, settings, undo)
        is_present = watches[port_id].is_present
        observed.append(ObservedInterface(opened.stack, control, opened.stack_settings, is_present))
    return tuple(observed)


def _watch_device(
    opened: OpenInterface, loop: ControlLoop, settings: Settings, undo: ExitStack
) -> DeviceWatch:
    stack, port = opened.stack, opened.port
    is_there = presence_of(port.name, settings.eal_arguments, Tree())
    watch = DeviceWatch(port.name, is_there, stack.removal_requested)
    loop.attend("the device's presence", watch)
    _count_kernel_drops(loop, stack, port, settings, undo)
    return watch


def _identity(opened: OpenInterface) -> Identity:
    own = opened.settings.local_ipv4_address
    routing = Routing(own.address, own.prefix_length, opened.settings.gateway_ipv4_address)
    return Identity(opened.port.mac, routing)


def _has_addresses_alone(
    loop: ControlLoop, settings: Sequence[InterfaceSettings], is_stopped: Callable[[], bool]
) -> bool:
    """Runs until it is known that nobody else has our IPv6 addresses; False if the end came first. Raises
    PortError."""
    probed = [
        (own, each.ipv6.duplicates)
        for own, each in zip(settings, loop.interfaces, strict=True)
        if each.ipv6 is not None
    ]
    if not probed:
        return True

    def is_decided() -> bool:
        is_found = any(each.found for _, each in probed)
        return is_stopped() or is_found or all(each.are_settled for _, each in probed)

    loop.run(is_decided, collector_rests=False)
    for own, duplicates in probed:
        for address, mac in duplicates.found.items():
            raise PortError(
                f"{mac} on the link has our address {address} already; change one of the two addresses, ours "
                f"with {own.name('LOCAL_IPV6_ADDRESS')}",
                errno.EADDRINUSE,
            )
    return all(each.are_settled for _, each in probed)


def _any(*conditions: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: any(condition() for condition in conditions)


def _answer(observation: Observation, loop: ControlLoop, directory: Path, undo: ExitStack) -> None:
    """If the socket cannot be made, the driver runs without it."""
    try:
        answering = Answering(directory, observation.answer)
    except OSError as error:
        LOG.warning("aeron-dpdk status and capture will not work, no socket in %s: %s", directory, error)
        return
    undo.callback(answering.close)
    loop.attend("answering", answering)
    loop.listen(answering.fileno())
    loop.attend("captures", observation)


def _count_kernel_drops(
    loop: ControlLoop, stack: StackPart, port: PortInfo, settings: Settings, undo: ExitStack
) -> None:
    interface = interface_of(port.name, settings.eal_arguments)
    if port.driver != "net_af_packet" or interface is None:
        return
    drops = KernelDrops(interface, stack)
    undo.callback(drops.close)
    loop.attend("the kernel's drops", drops)


def _tell_service_manager(loop: ControlLoop, undo: ExitStack) -> Service | None:
    """If the service manager cannot be reached, it will end us after its time-out; until then the driver
    runs."""
    try:
        service = own_service()
    except OSError as error:
        LOG.warning("cannot tell the service manager that the driver is ready, NOTIFY_SOCKET: %s", error)
        return None
    undo.callback(service.close)
    loop.attend("the service manager's watchdog", service)
    return service


def _note_aeron_errors(loop: ControlLoop, directory: Path, undo: ExitStack) -> None:
    """If this fails, the errors are still in Aeron's own file."""
    try:
        from aeron_dpdk.driver.aeron_errors import AeronErrors  # noqa: PLC0415 - needs the native half

        errors = AeronErrors(directory)
    except AeronDpdkError as error:
        LOG.warning("Aeron's errors will not be in this log: %s", error)
        return
    undo.callback(errors.close)
    loop.attend("Aeron's errors", errors)


def _start(
    plan: StartPlan, parts: Parts, stop: Callable[[], bool], undo: ExitStack
) -> tuple[tuple[OpenInterface, ...], DriverPart] | None:
    """None if `stop()` came first. Each step puts its undoing into `undo`."""
    undo.enter_context(_environment(plan.environment))
    if plan.account is not None:
        privileges.limit_inheritance()
    if stop():
        return None
    clear_memif_sockets(plan.eal_arguments, Tree())
    eal = parts.eal(plan.eal_arguments)
    undo.callback(eal.close)
    if stop():
        return None
    interfaces = open_interfaces(plan.settings, plan.aeron, parts, undo)
    if plan.account is not None:
        # For restarts of the port: the kernel tells the physical addresses of new pages to root only.
        eal.keep_pages()
        privileges.become(plan.account, eal.give_up_capabilities)
    elif os.geteuid() == 0:
        LOG.warning("running as root: set AERON_DPDK_USER to drop root once the port is open")
    elif held := privileges.capabilities_held():
        LOG.warning("running with capabilities (%s): set AERON_DPDK_USER to drop them", held)
    refuse_unwritable(plan.aeron.directory)
    if stop():
        return None
    undo.callback(remove_unfinished, plan.aeron.directory)
    driver = interfaces[0].stack.open_driver()
    undo.callback(driver.close)
    driver.start()
    return interfaces, driver


def _changed(environment: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**environment, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Applies `changes` for a while to the process environment, by which C gets Aeron's settings."""
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)
    try:
        yield
    finally:
        _apply(before)


def _apply(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
