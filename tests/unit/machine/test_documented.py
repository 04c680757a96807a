"""doctor.md has every finding, and setup.md every part, option and exit code."""

import importlib
import pkgutil
import re
from pathlib import Path

from aeron_dpdk.machine import aws, findings
from aeron_dpdk.machine.exit_code import MachineExit
from aeron_dpdk.machine.findings.examine import AREAS
from aeron_dpdk.machine.findings.finding import Check
from aeron_dpdk.machine.plan.wishes import Part
from aeron_dpdk.tools.setup import setup

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations"


def ids_in_code() -> set[str]:
    found: set[str] = set()
    for package in (findings, aws):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
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
        code.value for code in MachineExit
    }


def test_every_part_and_option_of_setup_is_documented() -> None:
    text = (OPERATIONS / "setup.md").read_text()
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.M)) == {part.value for part in Part}
    options = {
        max(parameter.opts, key=len) for parameter in setup.params if parameter.param_type_name == "option"
    }
    assert {option for option in options if option not in text} == {"--yes"}
