"""The command aeron-dpdk: the group that the operator's tools hang in, and the one place where they fail."""

from importlib import import_module
from typing import Any

import click

from aeron_dpdk.errors import AeronDpdkError, explain
from aeron_dpdk.tools.aws import aws
from aeron_dpdk.tools.devices import devices
from aeron_dpdk.tools.doctor import doctor
from aeron_dpdk.tools.setup import setup

# Each is the command of its name in the module of its name, imported when it is asked for: these need the
# native half, and the others must work without it.
NATIVE = ("bench", "capture", "counters", "errors", "export", "loss", "status", "top")


class Tools(click.Group):
    """Turns our errors into a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*NATIVE, *super().list_commands(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NATIVE:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(f"aeron_dpdk.tools.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AeronDpdkError as error:
            explanation = explain(error)
            click.echo(explanation.text, err=True)
            ctx.exit(explanation.exit_code)


@click.group(cls=Tools, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aeron-dpdk")
def main() -> None:
    """Tools around aeronmd_dpdk, Aeron's media driver over DPDK."""


for _command in (doctor, setup, devices, aws):
    main.add_command(_command)
