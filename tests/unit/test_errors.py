"""Every error explains itself: a sentence with a remedy and an exit code of its own kind."""

import ast
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeron_dpdk import errors
from aeron_dpdk.errors import (
    AeronDpdkError,
    ComplaintError,
    PortError,
    PortMemoryError,
    explain,
    machine,
    measure,
    observe,
)
from aeron_dpdk.exit_code import ExitCode

SAMPLES: dict[object, object] = {
    str: "sample",
    str | None: "sample",
    int: 4711,
    tuple[str, ...]: ("sample", "other"),
}


def concrete(base: type[AeronDpdkError]) -> Iterator[type[AeronDpdkError]]:
    for each in base.__subclasses__():
        yield each
        yield from concrete(each)


TABLE = {module.__name__ for module in (errors, machine, measure, observe)}
CLASSES = sorted(
    (each for each in concrete(AeronDpdkError) if hasattr(each, "exit_code")), key=lambda c: c.__name__
)
VERDICTS = {ExitCode.OK, ExitCode.INTERNAL, ExitCode.WARNINGS, ExitCode.FAILURES, ExitCode.UNHEALTHY}


def fields_of(error_class: type[AeronDpdkError]) -> dict[str, object]:
    hints = typing.get_type_hints(error_class)
    return {name: SAMPLES[hints[name]] for name in inspect.signature(error_class).parameters if name in hints}


def example(error_class: type[AeronDpdkError]) -> AeronDpdkError:
    return error_class(*fields_of(error_class).values())


@pytest.mark.parametrize("error_class", CLASSES)
def test_every_error_has_a_problem_a_remedy_and_an_exit_code(error_class: type[AeronDpdkError]) -> None:
    error = example(error_class)
    assert error.problem() and not error.problem().endswith(".")
    assert error.remedy() and not error.remedy().endswith(".")
    assert error.exit_code not in (ExitCode.OK, ExitCode.INTERNAL)
    assert explain(error).exit_code is error.exit_code


@pytest.mark.parametrize("error_class", CLASSES)
def test_every_error_is_one_line_that_shows_its_fields(error_class: type[AeronDpdkError]) -> None:
    text = explain(example(error_class)).text
    assert text.startswith("error: ") and text.endswith((".", "?")) and "\n" not in text
    assert not fields_of(error_class) or "sample" in text or "4711" in text


def test_every_exit_code_but_success_a_bug_and_verdicts_belongs_to_an_error() -> None:
    used = {error_class.exit_code for error_class in CLASSES}
    assert set(ExitCode) - used == VERDICTS


def test_all_errors_are_defined_in_one_folder() -> None:
    assert {error_class.__module__ for error_class in CLASSES} == TABLE
    ours = {
        AeronDpdkError.__name__,
        ComplaintError.__name__,
        *(error_class.__name__ for error_class in CLASSES),
    }
    folder = Path(errors.__file__).parent
    elsewhere = {
        (str(path), node.name)
        for path in folder.parent.rglob("*.py")
        if path.parent != folder
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and ours & {ast.unparse(base) for base in node.bases}
    }
    assert elsewhere == set()


def test_an_unexpected_error_is_shown_with_its_traceback_and_a_request_to_report_it() -> None:
    try:
        raise KeyError("lost")
    except KeyError as error:
        explanation = explain(error)
    assert explanation.exit_code is ExitCode.INTERNAL
    assert "please report" in explanation.text
    assert "test_errors.py" in explanation.text and "KeyError: 'lost'" in explanation.text


def test_a_port_error_has_the_remedy_that_c_provides() -> None:
    error = PortError("port 3 does not exist; choose another", 19)
    assert str(error) == "the DPDK port failed, port 3 does not exist: choose another."


def test_a_port_out_of_memory_has_the_exit_code_of_memory() -> None:
    error = PortMemoryError("mempool of 8191 mbufs: Cannot allocate memory", 12)
    assert error.exit_code is ExitCode.MEMORY
    assert "huge pages" in error.remedy()
