"""What must not be in the repository: paths of one machine, hosts of registries, names that say nothing."""

import re
from pathlib import Path

import pytest

from .sources import all_files, files, shown

# One letter of each stands in brackets, so that this file passes its own test.
MACHINE = re.compile(r"/wor[k]/\w|/roo[t]/\.|/hom[e]/\w|/tm[p]/ae\b|/op[t]/wheels")
REGISTRY = re.compile(
    r"\bpyp[i]\.org|pythonhoste[d]\.org|deb\.debia[n]\.org|archive\.ubunt[u]\.com|crates\.i[o]\b"
    r"|proxy\.golan[g]\.org|repo1?\.mave[n]\.|registry\.npmj[s]|registry\+https"
)
EMPTY_NAMES = re.compile(r"(^|_)(manager|helper|helpers|util|utils|common|misc)$")


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_no_file_names_a_path_of_one_machine_or_a_registry_host() -> None:
    found = {shown(path): hit[0] for path in all_files() if (hit := leak_in(text_of(path)))}
    assert found == {}


def leak_in(text: str) -> re.Match[str] | None:
    return MACHINE.search(text) or REGISTRY.search(text)


@pytest.mark.parametrize(
    "text", ["see /{}/main".format("work"), "https://{}.org/simple".format("pypi"), "{}.io".format("crates")]
)
def test_a_leak_is_found(text: str) -> None:
    assert leak_in(text)


def test_every_module_is_named_for_what_it_holds() -> None:
    sources = files(".py", ".c", ".h", ".cmake")
    assert [shown(path) for path in sources if EMPTY_NAMES.search(path.stem)] == []
