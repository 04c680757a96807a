"""Completion, in the shells that are installed here; bash always is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from release.completion import SHELLS, script

# What is typed before the key that completes.
TYPED = "aeron-dpdk st"
ASKED = {
    "bash": (
        "source {script}; COMP_WORDS=({typed}); COMP_CWORD=1; _aeron_dpdk_completion aeron-dpdk; "
        'printf "%s\\n" "${{COMPREPLY[@]}}"'
    ),
    "zsh": (
        "compdef() {{ :; }}; _describe() {{ print -l -- ${{(P)3}}; }}; compadd() {{ :; }}; source {script}; "
        "words=({typed}); CURRENT=2; _aeron_dpdk_completion"
    ),
    "fish": 'source {script}; complete -C "{typed}"',
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_completes_a_command(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    file = tmp_path / "completion"
    file.write_text(script(shell))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [shell, "-c", ASKED[shell].format(script=file, typed=TYPED)]
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert [line.split("\t")[0].split(":")[0] for line in done.stdout.splitlines()] == ["status"], done.stderr
