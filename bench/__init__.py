"""The project's measurements: `./dev bench` and the tests of its cost. Nothing here is installed."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build" / "native" / "bench"
