"""Whatever the documentation of the observing commands names exists: commands, options, alerts, exit
codes."""

import re
from pathlib import Path

import click
import pytest
import yaml

import aeron_dpdk
from aeron_dpdk.exit_code import OBSERVE_CODES, ExitCode
from aeron_dpdk.tools.main import main

ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = ROOT / "docs" / "operations"
OBSERVING = ("capture", "counters", "errors", "export", "loss", "status", "top")
DOCUMENTS = ("status.md", "capture.md", "metrics.md", "troubleshooting.md")

pytestmark = pytest.mark.skipif(
    not list(Path(aeron_dpdk.__file__).parent.glob("_native*.so")), reason="the native half is not built"
)


def text_of(document: str) -> str:
    return (OPERATIONS / document).read_text()


def options_of(name: str) -> set[str]:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    return {spelling for parameter in command.params for spelling in parameter.opts}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_their_options_exist(document: str) -> None:
    named = re.findall(r"^(?:\$ )?aeron-dpdk (\w+)([^|#\n]*)", text_of(document), re.MULTILINE)
    assert named
    for name, rest in named:
        assert name in main.list_commands(click.Context(main))
        for option in re.findall(r"(?<!\S)(--[\w-]+|-[a-z])(?=[ =]|$)", rest):
            assert option in options_of(name), (name, option)


def test_every_observing_command_is_documented() -> None:
    everything = "".join(text_of(document) for document in DOCUMENTS)
    assert [name for name in OBSERVING if f"aeron-dpdk {name}" not in everything] == []


def test_every_alert_has_its_row_and_no_row_is_left_over() -> None:
    [group] = yaml.safe_load((ROOT / "dashboards" / "alerts.yml").read_text())["groups"]
    table = text_of("troubleshooting.md").partition("## The alerts")[2]
    assert set(re.findall(r"\bAeron[A-Z]\w+", table)) == {rule["alert"] for rule in group["rules"]}


@pytest.mark.parametrize("code", OBSERVE_CODES)
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    everything = "".join(text_of(document) for document in DOCUMENTS)
    assert re.search(
        rf"\| {code.value} \||\b{code.value} when\b|\b{code.value} for\b|code {code.value}\b", everything
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_between_the_pages_has_a_target(document: str) -> None:
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text_of(document)):
        assert (OPERATIONS / target).exists() if target else True
    for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]*)\)", text_of(document)):
        page = (OPERATIONS / (target or document)).read_text()
        headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
