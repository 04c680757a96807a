"""`aeron-dpdk doctor`: what is wrong with this machine, why it matters, what to do."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.text import Text

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.findings.examine import AREAS, examine
from aeron_dpdk.machine.findings.finding import Finding, Severity, worst
from aeron_dpdk.tools.host import environment_with, read_intent, this_host

STYLES = {Severity.PASS: "green", Severity.NOTE: "cyan", Severity.WARN: "yellow", Severity.FAIL: "bold red"}
EXIT_CODES = {Severity.WARN: ExitCode.WARNINGS, Severity.FAIL: ExitCode.FAILURES}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print every finding as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Also show what passed, and why each check matters.")
@click.option("--user", help="Check for this ordinary user, who will start aeronmd_dpdk without root.")
@click.argument("files", nargs=-1)
def doctor(as_json: bool, verbose: bool, user: str | None, files: tuple[str, ...]) -> None:
    """Report what keeps aeronmd_dpdk from running well here.

    Takes AERON_ variables and property FILES into account as aeronmd_dpdk would. Changes nothing. The exit
    code is 0 if all is well (notes included), 20 for warnings, 21 for failures.
    """
    host = this_host()
    facts = read_facts(host, host.network())
    intent = read_intent(environment_with(files), host, facts.session, user)
    findings = examine(facts, intent)
    if as_json:
        click.echo(json.dumps(as_document(findings), indent=2))
    else:
        show(findings, verbose, Console(highlight=False))
    raise SystemExit(EXIT_CODES.get(worst(findings), 0))


def as_document(findings: Sequence[Finding]) -> dict[str, object]:
    return {"worst": worst(findings), "findings": [asdict(finding) for finding in findings]}


def show(findings: Sequence[Finding], verbose: bool, console: Console) -> None:
    """Findings by area; what is fine only on request."""
    wanted = [finding for finding in findings if verbose or finding.status is not Severity.PASS]
    for area, title in AREAS.items():
        here = [finding for finding in wanted if finding.area == area]
        if here:
            console.print(Text(title, style="bold"), soft_wrap=True)
        for finding in here:
            console.print(_line(finding), soft_wrap=True)
            if verbose or finding.status in EXIT_CODES:
                console.print(Text(f"       {finding.why}", style="dim"), soft_wrap=True)
            if finding.remedy:
                console.print(Text(f"       -> {finding.remedy}"), soft_wrap=True)
    console.print(Text(summary(findings), style=STYLES[worst(findings)]), soft_wrap=True)


def _line(finding: Finding) -> Text:
    return Text.assemble(
        "  ", (f"{finding.status}", STYLES[finding.status]), f" {finding.id}: {finding.seen}"
    )


def summary(findings: Sequence[Finding]) -> str:
    counts = {
        status: sum(finding.status is status for finding in findings)
        for status in (Severity.FAIL, Severity.WARN)
    }
    fixable = sum(finding.fixable and finding.status in EXIT_CODES for finding in findings)
    if not any(counts.values()):
        return f"No problems found: {len(findings)} findings, none of them blocking (-v shows all)."
    hint = f"; `sudo aeron-dpdk setup` can fix {fixable}" if fixable else ""
    return f"{counts[Severity.FAIL]} failures, {counts[Severity.WARN]} warnings{hint}."
