"""Without a package that only one command needs, the others work, and that one says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from aeron_dpdk.exit_code import ExitCode

WITHOUT = "import sys; sys.modules['{module}'] = None; from aeron_dpdk.tools.main import main; main()"


def without(module: str, *command: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", WITHOUT.format(module=module)]
    return subprocess.run([*program, *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "extra", "command"),
    [
        ("prometheus_client", "export", ("export", "--listen", "127.0.0.1:0")),
        ("matplotlib", "plots", ("ping", "127.0.0.1", "--html", "report.html")),
    ],
)
def test_a_command_without_its_extra_names_it(module: str, extra: str, command: tuple[str, ...]) -> None:
    done = without(module, *command)
    assert done.returncode == ExitCode.NOT_BUILT
    assert done.stderr == (
        f"error: this needs {module}, which does not load here: pip install 'aeron-dpdk[{extra}]'.\n"
    )
    assert not Path("report.html").exists()


@pytest.mark.parametrize("module", ["prometheus_client", "matplotlib"])
def test_the_other_commands_need_no_extra(module: str) -> None:
    assert "  export " in without(module, "--help").stdout
    assert without(module, "aws", "template").returncode == ExitCode.OK


def test_the_driver_imports_neither_the_extras_nor_rich() -> None:
    source = (
        "import sys; import aeron_dpdk.driver.main; "
        "print({'rich', 'prometheus_client', 'matplotlib'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
