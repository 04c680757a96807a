"""Only machine/change changes the host. Other modules may change only their own files and processes, or a
file that the user named; the table below lists them."""

import ast
from pathlib import Path

import pytest

from .sources import PACKAGE, files, shown

EFFECTS = frozenset(
    "chmod chown fchmod mkdir makedirs mkdtemp mkstemp rename replace_file rmdir rmtree Popen "
    "symlink symlink_to system TemporaryDirectory touch truncate unlink write_bytes write_text "
    "write_value".split()
)
EFFECTS_OF = {
    "os": {"kill", "link", "remove", "replace"},
    "subprocess": {"run", "call", "check_call", "check_output"},
}

# Each of them writes where no other program of the host looks for its configuration.
OWN = {
    "driver/aeron_directory.py": "the Aeron directory of a start of ours that failed",
    "driver/answering.py": "the socket in the driver's Aeron directory",
    "driver/privileges.py": "a shell that only reads, as the user that the driver is to become",
    "driver/texts.py": "text of --help, in memory",
    "tools/demo.py": "the file of --json",
    "tools/hold.py": "two drivers of its own, in a directory of its own",
    "tools/measure/load_process.py": "its report, where the process that started it asked for it",
    "tools/measure/processes.py": "two processes of its own, in a directory of its own",
    "tools/ping.py": "the files of --json, --html and --hgrm",
    "tools/report.py": "the archive, and programs that only read",
}


def effects_in(source: str) -> set[str]:
    """Names of calls that change something; open() counts with a mode other than for reading."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        module = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if name in EFFECTS or name in EFFECTS_OF.get(module, ()):
            found.add(name)
        mode = node.args[isinstance(node.func, ast.Name) :][:1] + [each.value for each in node.keywords]
        if name == "open" and module != "os" and any(map(_is_for_writing, mode)):
            found.add(name)
        if ast.unparse(node.func) == "os.open" and "O_CREAT" in ast.unparse(node):
            found.add(name)
    return found


def _is_for_writing(mode: ast.expr) -> bool:
    return (
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and bool(set(mode.value) & set("wax+"))
    )


MODULES = [path for path in files(".py", below=PACKAGE) if path.parent != PACKAGE / "machine" / "change"]


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_nothing_outside_machine_change_changes_the_host(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in OWN:
        assert effects_in(path.read_text()) == set()


@pytest.mark.parametrize("name", OWN)
def test_every_entry_in_the_table_of_own_files_has_an_effect(name: str) -> None:
    assert effects_in((PACKAGE / name).read_text())


@pytest.mark.parametrize(
    "source",
    [
        'path.write_text("1")',
        'open("x", "w")',
        'path.open("wb")',
        'subprocess.run(["modprobe"])',
        "os.chown(a, 0, 0)",
        "os.open(place, os.O_WRONLY | os.O_CREAT)",
    ],
)
def test_an_effect_is_found(source: str) -> None:
    assert effects_in(source)


def test_reading_is_no_effect() -> None:
    source = (
        'path.read_text(); open("x"); open("x", "rb"); os.listdir("/"); os.open("/", os.O_PATH); loop.run()'
    )
    assert effects_in(source) == set()
