"""What is inside the bundle, as CycloneDX 1.5 JSON (https://cyclonedx.org/docs/1.5/json/)."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any


@dataclass(frozen=True, order=True)
class Component:
    name: str
    version: str
    purl: str
    licence: str | None = None  # an SPDX expression; None: see the text in licences/


def debian_components(lines: Iterable[str]) -> set[Component]:
    """From lines of `SOURCE-PACKAGE VERSION`."""
    pairs = [line.split() for line in lines if line.strip()]
    return {
        Component(name, version, f"pkg:deb/debian/{name}@{version}?arch=source") for name, version in pairs
    }


def python_components(site_packages: Path) -> set[Component]:
    return {
        Component(
            found.name, found.version, f"pkg:pypi/{found.name.lower()}@{found.version}", _licence(found)
        )
        for found in distributions(path=[str(site_packages)])
    }


def _licence(found: Distribution) -> str | None:
    stated = found.metadata.json.get("license_expression")
    return stated if isinstance(stated, str) else None


def document(name: str, version: str, components: Iterable[Component]) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name, "version": version}},
        "components": [_entry(component) for component in sorted(components)],
    }


def _entry(component: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "library",
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
    }
    if component.licence is not None:
        entry["licenses"] = [{"expression": component.licence}]
    return entry
