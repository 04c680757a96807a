"""Imports in src/aeron_dpdk point one way, and only machine/ names the places that configure a system."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .sources import PACKAGE, files, shown

# What each part may import, besides itself and what is UNDER_EVERYTHING.
SEES: dict[str, set[str]] = {
    "wire": set(),
    "control": {"wire"},
    "machine": {"wire"},
    "seam": {"control", "wire"},
    "native": {"observe", "seam", "control", "wire", "_native"},
    "observe": {"_native", "seam", "wire"},
    "driver": {"native", "observe", "seam", "control", "machine", "wire"},
    "tools": {"driver", "observe", "native", "_native", "seam", "control", "machine", "wire"},
    "errors": set(),
    "exit_code": set(),
    "visible": set(),
    "__init__": set(),
    "_native": set(),
    "_build_info": set(),
}
UNDER_EVERYTHING = {"errors", "exit_code", "visible", "_build_info"}
CONFIGURATION = ("/sys", "/proc/sys", "/etc/")


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_parts(source: str, package: str) -> Iterator[str]:
    """The parts of aeron_dpdk that a source imports; relative imports start from package, a dotted name."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "aeron_dpdk" and len(parts) > 1:
                yield parts[1]


def forbidden_imports(part: str, source: str, package: str) -> set[str]:
    parts = set(imported_parts(source, package)) & SEES.keys()
    return parts - SEES[part] - UNDER_EVERYTHING - {part}


def configuration_paths(source: str) -> list[str]:
    """String constants that are paths to where a kernel or a system is configured."""
    constants = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [
        text
        for text in constants
        if isinstance(text, str) and text.startswith(CONFIGURATION) and " " not in text
    ]


MODULES = files(".py", ".pyi", below=PACKAGE)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_nothing_installed_imports_the_bench(path: Path) -> None:
    imported = re.findall(r"^\s*(?:from|import) (bench|tests|release)\b", path.read_text(), re.MULTILINE)
    assert imported == []


def test_every_part_of_the_package_has_its_place() -> None:
    assert {part_of(path) for path in MODULES} <= SEES.keys()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_point_one_way(path: Path) -> None:
    package = ".".join(["aeron_dpdk", *path.relative_to(PACKAGE).parts[:-1]])
    assert forbidden_imports(part_of(path), path.read_text(), package) == set()


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(path) != "machine"], ids=shown)
def test_only_machine_knows_where_the_system_is_configured(path: Path) -> None:
    assert configuration_paths(path.read_text()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "from aeron_dpdk.control import loop",
        "from aeron_dpdk import control",
        "import aeron_dpdk.control.loop",
        "from ..control import loop",
        "from .. import control",
    ],
)
def test_an_import_against_the_arrows_is_found(statement: str) -> None:
    assert forbidden_imports("wire", statement, "aeron_dpdk.wire") == {"control"}


def test_a_path_of_the_system_is_found() -> None:
    assert configuration_paths('open("/sys/bus/pci/drivers_probe", "w")') == ["/sys/bus/pci/drivers_probe"]
