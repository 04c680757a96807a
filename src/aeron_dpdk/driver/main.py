"""The command aeronmd_dpdk: the only part of the driver that prints, and turns errors into exit codes."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from types import FrameType

import click

from aeron_dpdk.driver.command_line import CommandLine, split_command_line
from aeron_dpdk.driver.device_plugin import check_each_has_an_interface, given_devices, port_ids
from aeron_dpdk.driver.eal_arguments import PROGRAM, with_polling
from aeron_dpdk.driver.linux import name_thread
from aeron_dpdk.driver.log_lines import LogFormat, default_format
from aeron_dpdk.driver.logs import Logs
from aeron_dpdk.driver.privileges import limit_inheritance
from aeron_dpdk.driver.properties import load_properties, parse_definition
from aeron_dpdk.driver.saved_address import values_of
from aeron_dpdk.driver.settings import Settings, make_settings
from aeron_dpdk.driver.start_up import Ready, serve
from aeron_dpdk.driver.texts import help_text, ready_text, version_text
from aeron_dpdk.errors import explain
from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.machine.facts.nics import nics_for_dpdk
from aeron_dpdk.machine.facts.saved_nic import read_saved_nics
from aeron_dpdk.machine.tree import Tree


class StopFlag:
    """Set by SIGINT and SIGTERM from the moment it is installed, also during the start. `descriptor` is
    readable once it is set, because a signal that comes just before a sleep does not end that sleep."""

    def __init__(self) -> None:
        self._is_set = False
        self.descriptor, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def install(self) -> None:
        signal.set_wakeup_fd(self._writer)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._is_set = True

    def __call__(self) -> bool:
        return self._is_set


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # not under a test's capture
            stream.reconfigure(errors="backslashreplace")  # the names of files and users may be any bytes
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        run(sys.argv[1:])
        code: int = ExitCode.OK
    except Exception as error:
        explanation = explain(error)
        click.echo(explanation.text, err=True)
        code = explanation.exit_code
    sys.exit(code)


def run(arguments: Sequence[str]) -> None:
    """Returns after an orderly stop. Raises AeronDpdkError."""
    stop = StopFlag()
    stop.install()
    name_thread(PROGRAM)
    command_line = split_command_line(arguments)
    if command_line.shows_help:
        click.echo(help_text(), nl=False)
        return
    from aeron_dpdk import native  # noqa: PLC0415 - inside the error handling, and -h works without it

    if command_line.shows_version:
        click.echo(version_text(native.aeron_version(), native.dpdk_version()))
        return
    settings = read_settings(command_line)
    log_format = settings.log_format or default_format(os.environ, os.fstat(sys.stderr.fileno()))
    if settings.user is not None:
        limit_inheritance()  # before the first thread is started, also those of the log
    with Logs(log_format, native.CLog()) as logs:
        try:
            serve(
                settings,
                native.PARTS,
                stop,
                lambda ready: on_ready(ready, logs),
                stop_descriptor=stop.descriptor,
                owns_process=True,
            )
        except Exception as error:
            if log_format is LogFormat.TEXT:
                raise
            explanation = explain(error)
            logs.end_with(explanation.text)
            raise SystemExit(int(explanation.exit_code)) from error


def on_ready(ready: Ready, logs: Logs) -> None:
    """Runs on the main thread, which the EAL has pinned by now."""
    logs.stay_on(os.sched_getaffinity(0))
    click.echo(ready_text(ready))


def read_settings(command_line: CommandLine) -> Settings:
    properties = [parse_definition(text) for text in command_line.definitions]
    for location in command_line.files:
        properties.extend(load_properties(location))
    tree = Tree()
    given = given_devices(os.environ, command_line.eal_arguments)
    allowed = tuple(f"-a{each.address}" for each in given)
    eal_arguments = with_polling(tree, (*command_line.eal_arguments, *allowed))
    saved = values_of(read_saved_nics(tree), eal_arguments, nics_for_dpdk(tree))
    settings = make_settings(os.environ, properties, eal_arguments, saved, port_ids(given))
    check_each_has_an_interface(given, settings)
    return settings


if __name__ == "__main__":
    main()
