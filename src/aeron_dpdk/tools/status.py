"""`aeron-dpdk status`: one screen about a running driver, and an exit code that tells whether it is
healthy."""

from pathlib import Path

import click
from rich.console import Console

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.observe.status import look
from aeron_dpdk.tools.looking import aeron_dir_option, json_line
from aeron_dpdk.tools.panels import status_panels


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, on one line.")
@aeron_dir_option
@click.pass_context
def status(ctx: click.Context, aeron_dir: Path, as_json: bool) -> None:
    """Show a running driver on one screen. The exit code is 0 if it is healthy, 30 if not."""
    seen = look(aeron_dir)
    if as_json:
        click.echo(json_line(seen))
    else:
        Console(soft_wrap=False, highlight=False).print(*status_panels(seen), sep="\n")
    ctx.exit(ExitCode.UNHEALTHY if seen.problems else 0)
