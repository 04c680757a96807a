"""Includes in native/ follow the arrows that CMakeLists.txt draws with adk_layer()."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from .sources import NATIVE, ROOT, files, shown

SEAM = "api/aeron_dpdk.h"


@dataclass(frozen=True, slots=True)
class Layer:
    """A folder of native/: the folders it may include from, and whether Aeron's headers are among them."""

    sees: frozenset[str]
    sees_aeron: bool


def layers_in(cmake: str) -> dict[str, Layer]:
    found = {}
    for name, aeron, sees in re.findall(
        r"^adk_layer\((\w+)( AERON)?(?: SEES ([\w ]+))?\)", cmake, re.MULTILINE
    ):
        found[name] = Layer(frozenset({name, *sees.split()}), bool(aeron))
    return found


LAYERS = layers_in((ROOT / "CMakeLists.txt").read_text())


def forbidden_includes(layer: Layer, source: str) -> list[str]:
    """The quoted includes of a source that its layer may not have."""
    forbidden = []
    for header in re.findall(r'^#\s*include\s+"([^"]+)"', source, re.MULTILINE):
        folder = header.split("/")[0]
        is_ours = folder in LAYERS
        is_allowed = header == SEAM or folder in layer.sees if is_ours else layer.sees_aeron
        if not is_allowed:
            forbidden.append(header)
    return forbidden


def test_every_folder_of_native_is_a_layer() -> None:
    folders = {path.parent.relative_to(NATIVE).parts[0] for path in files(".c", ".h", below=NATIVE)}
    assert folders <= LAYERS.keys()


@pytest.mark.parametrize("path", files(".c", ".h", below=NATIVE), ids=shown)
def test_a_layer_includes_only_what_it_may_see(path: Path) -> None:
    layer = LAYERS[path.relative_to(NATIVE).parts[0]]
    assert forbidden_includes(layer, path.read_text()) == []


@pytest.mark.parametrize("header", ["stack/rx.h", "transport/media.h", "aeronmd.h", "util/aeron_error.h"])
def test_an_include_against_the_arrows_is_found(header: str) -> None:
    assert forbidden_includes(LAYERS["wire"], f'#include "{header}"\n') == [header]


def test_the_seam_is_for_every_layer() -> None:
    assert forbidden_includes(LAYERS["wire"], f'#include "{SEAM}"\n') == []
