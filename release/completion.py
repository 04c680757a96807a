"""Shell completion of aeron-dpdk's command line: click's own scripts, which ask the program itself."""

from click.shell_completion import get_completion_class

from aeron_dpdk.tools.main import main as tools

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    found = get_completion_class(shell)
    assert found is not None, shell
    return found(tools, {}, "aeron-dpdk", "_AERON_DPDK_COMPLETE").source()
