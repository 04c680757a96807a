"""doctor.md has every finding, and setup.md every part, option and exit code."""

import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from aeron_dpdk.exit_code import SETUP_CODES
from aeron_dpdk.machine import aws, findings
from aeron_dpdk.machine.findings.examine import AREAS
from aeron_dpdk.machine.findings.finding import Check
from aeron_dpdk.machine.intent import SetupPart
from aeron_dpdk.tools import devbind
from aeron_dpdk.tools.main import main
from aeron_dpdk.tools.setup import setup

ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = ROOT / "docs" / "operations"
# The commands that need no native half; another test is about the others.
MACHINE_COMMANDS = ("aws", "devices", "doctor", "setup")


def ids_in_code() -> set[str]:
    found: set[str] = set()
    names = [module.name for module in pkgutil.iter_modules(findings.__path__, f"{findings.__name__}.")]
    for module in (aws, *map(importlib.import_module, names)):
        for value in vars(module).values():
            values = value.values() if isinstance(value, dict) else [value]
            found |= {each.id for each in values if isinstance(each, Check)}
    return found


def test_every_finding_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+\.[a-z-]+)` \|", (OPERATIONS / "doctor.md").read_text(), re.M))
    assert documented == ids_in_code()
    assert {each.partition(".")[0] for each in documented} == AREAS.keys()


def test_every_exit_code_is_documented() -> None:
    text = (OPERATIONS / "doctor.md").read_text() + (OPERATIONS / "setup.md").read_text()
    assert {int(code) for code in re.findall(r"^\| (2\d) \|", text, re.M)} == {
        code.value for code in SETUP_CODES
    }


def test_every_part_and_option_of_setup_is_documented() -> None:
    text = (OPERATIONS / "setup.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.M)) == {part.value for part in SetupPart}
    options = {
        max(parameter.opts, key=len) for parameter in setup.params if parameter.param_type_name == "option"
    }
    assert {option for option in options if option not in text} == {"--yes"}


def commands_in(page: Path) -> Iterator[list[str]]:
    """Lines of code blocks and code within the text, up to a comment, a pipe or a redirection."""
    blocks = re.compile(r"^```\w*\n(.*?)^```", re.M | re.S)
    text = page.read_text()
    lines = [line for block in blocks.findall(text) for line in block.splitlines()]
    for code in [*lines, *re.findall(r"`([^`\n]+)`", blocks.sub("", text))]:
        if re.search(r"aeron-dpdk |devbind", code):
            yield shlex.split(re.split(r"\s[#|>]", code)[0])


def parse(words: list[str]) -> bool:
    """Returns whether it is a command of ours. Raises click.UsageError if it would be refused."""
    words = words[words[0] == "sudo" :]
    program, arguments = Path(words[0]).name if words else "", words[1:]
    if program == "dpdk-devbind.py" and arguments:
        devbind.command.make_context(program, arguments)
        return True
    if program != "aeron-dpdk" or not arguments or arguments[0] not in MACHINE_COMMANDS:
        return False
    command: click.Command = main
    while isinstance(command, click.Group) and arguments:
        name, *arguments = arguments
        found = command.get_command(click.Context(command), name)
        assert found is not None, words
        command = found
    command.make_context(program, arguments)
    return True


@pytest.mark.parametrize(
    ("page", "least"), [("docs/operations/setup.md", 15), ("docs/operations/doctor.md", 5), ("README.md", 3)]
)
def test_commands_are_taken_as_they_are_printed(page: str, least: int) -> None:
    assert sum(parse(words) for words in commands_in(ROOT / page) if words) >= least
