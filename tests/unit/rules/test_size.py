"""A file fits one idea and a function fits one screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from .sources import ROOT, files, shown

FILE_LINES = 400
FUNCTION_LINES = 70
SOURCES = [*files(".py", ".c", ".h"), ROOT / "dev"]


def python_functions(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno + 1 - node.lineno


def c_functions(source: str) -> Iterator[tuple[str, int]]:
    """Bodies between braces in the first column, which clang-format puts there for functions and types."""
    lines = source.splitlines()
    start = 0
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield lines[start - 1], number + 1 - start
            start = 0


def long_functions(path: Path, source: str) -> list[tuple[str, int]]:
    functions = c_functions(source) if path.suffix in (".c", ".h") else python_functions(source)
    return [(name, length) for name, length in functions if length > FUNCTION_LINES]


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= FILE_LINES
    assert long_functions(path, source) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("long.c", "int main(void)\n{\n" + "    f();\n" * FUNCTION_LINES + "}\n"),
        ("long.py", "def main():\n" + "    f()\n" * FUNCTION_LINES),
    ],
)
def test_a_long_function_is_found(name: str, source: str) -> None:
    assert len(long_functions(Path(name), source)) == 1
