"""`aeron-dpdk export` at work, and what Prometheus would scrape from it."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.system.bed.driver import Driver
from tests.system.bed.process import ChildProcess
from tests.system.bed.tool import PROGRAM


@contextmanager
def exporting(driver: Driver) -> Iterator[str]:
    """The URL of an exporter at work."""
    process = ChildProcess(
        [str(PROGRAM), "export", f"--aeron-dir={driver.aeron_dir}", "--listen=127.0.0.1:0"]
    )
    try:
        line = process.next_line(30)
        assert line is not None and line.startswith("serving "), process.output
        yield line.removeprefix("serving ")
        assert process.terminate() == 0
    finally:
        if process.is_running:
            process.kill()


def scrape(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        text = answer.read().decode()
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
