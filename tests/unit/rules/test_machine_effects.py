"""In machine/ only change/ changes the host: facts, findings and plans look and think."""

import ast
from pathlib import Path

import pytest

from .sources import PACKAGE, files, shown

MACHINE = PACKAGE / "machine"
EFFECTS = frozenset(
    "chmod chown fchmod link mkdir makedirs mkdtemp mkstemp remove rename replace_file rmdir run Popen "
    "symlink symlink_to system touch truncate unlink write_bytes write_text write_value".split()
)


def effects_in(source: str) -> set[str]:
    """Names of calls that change something; open() counts with a mode other than for reading."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in EFFECTS:
            found.add(name)
        mode = node.args[isinstance(node.func, ast.Name) :][:1] + [each.value for each in node.keywords]
        if name == "open" and any(isinstance(each, ast.Constant) and each.value != "r" for each in mode):
            found.add(name)
    return found


MODULES = [path for path in files(".py", below=MACHINE) if path.parent.name != "change"]


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_facts_findings_and_plans_change_nothing(path: Path) -> None:
    assert effects_in(path.read_text()) == set()


@pytest.mark.parametrize(
    "source", ['path.write_text("1")', 'open("x", "w")', 'subprocess.run(["modprobe"])', "os.chown(a, 0, 0)"]
)
def test_an_effect_is_found(source: str) -> None:
    assert effects_in(source)


def test_reading_is_no_effect() -> None:
    assert effects_in('path.read_text(); open("x"); os.listdir("/")') == set()
