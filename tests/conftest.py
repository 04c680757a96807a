"""Makes the checkout's root importable, so that tests can share code under `tests.`."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong: timings never decide whether a test passes.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--our-driver",
        choices=("dpdk", "kernel"),
        default="dpdk",
        help="what stands on our side of the system tests; kernel: stock aeronmd, to prove the testbed",
    )
    parser.addoption("--sanitised", action="store_true", help="our driver is ./dev sanitised's")
    parser.addoption("--attacks", type=int, default=1, help="how often each attack is tried")
    parser.addoption(
        "--bad-settings", type=int, default=12, help="how many starts with bad settings are tried"
    )
    parser.addoption("--bad-settings-seed", type=int, default=1, help="the first one's seed")
    parser.addoption("--soak-minutes", type=float, default=0.5, help="how long streams come and go")
    parser.addoption("--soak-seed", type=int, default=1, help="what decides all that happens to them")
    parser.addoption(
        "--compat", action="store_true", help="also what others build on Aeron, fetched by Maven"
    )
