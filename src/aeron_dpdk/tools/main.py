"""The command aeron-dpdk: the group of the operator's tools, and the only place that turns their errors
into exit codes."""

import errno
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from aeron_dpdk.errors import AeronDpdkError, explain
from aeron_dpdk.errors.observe import OutputError

# Each name stands for the command of that name in the module of that name. It is imported on demand: most
# commands need the native half, which the others must work without, and none should be delayed by the imports
# of another.
COMMANDS = (
    "aws",
    "capture",
    "counters",
    "demo",
    "devices",
    "doctor",
    "errors",
    "export",
    "loss",
    "ping",
    "pong",
    "report",
    "setup",
    "status",
    "top",
)


def fail(ctx: click.Context, error: AeronDpdkError) -> NoReturn:
    explanation = explain(error)
    click.echo(explanation.text, err=True)
    ctx.exit(explanation.exit_code)


def forget_output() -> None:
    """Discards what is still buffered: otherwise Python's last flush fails, and the exit code is 120."""
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class Tools(click.Group):
    """Turns our errors into a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"aeron_dpdk.tools.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:  # a capture sets it to None when its reader has gone
                sys.stdout.flush()
            return result
        except AeronDpdkError as error:
            fail(ctx, error)
        except OSError as error:
            # If we opened the file the error has its name; a reader that has gone is handled by click.
            if error.filename is not None or error.errno == errno.EPIPE:
                raise
            forget_output()
            fail(ctx, OutputError("-", error.strerror or str(error)))


@click.group(cls=Tools, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aeron-dpdk")
def main() -> None:
    """Tools around aeronmd_dpdk, Aeron's media driver over DPDK."""
