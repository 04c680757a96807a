"""The documentation against the code: tables, names, links, commands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeron_dpdk.driver.setting_table import SETTING_TABLE
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.exit_code import DRIVER_CODES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")),
    *sorted(DOCS.rglob("*.md")),
]
OPERATIONS = DOCS / "operations"
DECISIONS = DOCS / "decisions"
DECISION_HEADINGS = ["Context", "Choice", "Consequences", "How we would notice that it is wrong"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def code_in(text: str) -> str:
    return "\n".join(re.findall(r"^ *```\w*\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL))


def rows(page: Path) -> Iterator[list[str]]:
    """The cells of every row of every table, without headings and rules."""
    lines = page.read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("| ") and not following.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def anchors(page: Path) -> set[str]:
    """The names GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(page.read_text()), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_broken(page: Path, target: str) -> bool:
    if re.match(r"https?://", target):
        return False
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    return not file.exists() or bool(anchor) and anchor not in anchors(file)


# ---- settings, counters, exit codes ----


def test_every_setting_is_in_its_table_with_default_and_meaning() -> None:
    table = [cells for cells in rows(OPERATIONS / "settings.md") if cells[0].startswith("`AERON_DPDK_")]
    assert table == [[f"`{each.name}`", each.default, each.help] for each in SETTING_TABLE]


def test_the_stacks_defaults_are_those_of_the_code() -> None:
    text = (OPERATIONS / "settings.md").read_text()
    port = (ROOT / "native" / "port" / "port.h").read_text()
    for name, sentence in (
        ("ADK_PORT_DEFAULT_RX_QUEUE_SIZE", "Receive queues have {} descriptors"),
        ("ADK_PORT_DEFAULT_TX_QUEUE_SIZE", "transmit queues {}"),
        ("ADK_PORT_DEFAULT_MEMPOOL_CACHE_SIZE", "Each thread caches {} mbufs"),
    ):
        value = re.search(rf"#define {name} \((\d+)\)", port)
        assert value is not None
        assert sentence.format(value[1]) in text


def counts() -> list[str]:
    """The names in enum adk_count_en."""
    header = (ROOT / "native" / "api" / "aeron_dpdk.h").read_text()
    body = re.search(r"enum adk_count_en\s*\{(.*?)\}", header, re.DOTALL)
    assert body is not None
    return [name for name in re.findall(r"ADK_COUNT_(\w+)", body[1]) if name != "SIZE"]


def upstream_types() -> dict[str, str]:
    """From a count to the name of upstream's type, as native/transport/counters.c chooses it."""
    source = (ROOT / "native" / "transport" / "counters.c").read_text()
    types = dict.fromkeys(counts(), "ERROR")
    for labels, name in re.findall(
        r"((?:\s*case ADK_COUNT_\w+:)+)\s*return AERON_COUNTER_DPDK_(\w+)_TYPE_ID;", source
    ):
        types.update(dict.fromkeys(re.findall(r"ADK_COUNT_(\w+):", labels), name))
    return types


def test_every_count_is_explained_once_under_the_type_it_is_published_with() -> None:
    documented = [cells for cells in rows(OPERATIONS / "counters.md") if cells[0].startswith("`dpdk-")]
    found = {cells[0].strip("`"): cells[1].split()[1] for cells in documented if len(cells) == 4}
    expected = {f"dpdk-{name.lower().replace('_', '-')}": kind for name, kind in upstream_types().items()}
    assert found == expected
    assert all(all(cells) for cells in documented)


def test_type_ids_are_aerons() -> None:
    headers = sorted((ROOT / ".cache" / "aeron").rglob("aeron_counters.h"))
    if not headers:
        pytest.skip("Aeron's sources are not unpacked: ./dev build fetches them")
    source = headers[0].read_text()
    ids = re.findall(r"#define AERON_COUNTER_DPDK_(\w+)_TYPE_ID \((\d+)\)", source)
    types = [cells[1] for cells in rows(OPERATIONS / "counters.md") if cells[1][0].isdigit()]
    assert set(types) == {f"{number} {name}" for name, number in ids}


def test_every_exit_code_is_in_its_table() -> None:
    table = [cells[:2] for cells in rows(OPERATIONS / "running.md") if cells[0].isdecimal()]
    assert table == [[str(code.value), code.name] for code in DRIVER_CODES]


# ---- pages ----


def test_the_architecture_is_short_enough_for_a_newcomer() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 150


def test_the_readme_is_short_enough_to_be_read_to_its_end() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_every_folder_has_its_line_in_the_architecture() -> None:
    named = {cells[0].strip("`/") for cells in rows(ROOT / "ARCHITECTURE.md")}
    parts = [*(ROOT / "native").glob("*/*.h"), *(ROOT / "src" / "aeron_dpdk").glob("*/__init__.py")]
    assert {shown(path.parent) for path in parts} <= named


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in DECISIONS.iterdir())
    assert [name[:5] for name in names] == [f"{number:04}-" for number in range(1, len(names) + 1)]


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("*.md")), ids=shown)
def test_a_decision_is_one_page_of_four_parts(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == DECISION_HEADINGS
    assert len(text.splitlines()) <= 60
    assert text.startswith(f"# {int(page.name[:4])}. ")


def test_the_unreleased_changes_come_first_and_name_aeron_and_dpdk() -> None:
    releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert releases[0].startswith("Unreleased")
    for release in releases:
        first = release.splitlines()[2]
        assert re.search(r"Aeron \d", first)
        assert re.search(r"DPDK \d", first)


# ---- links, names, commands ----


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_has_a_target(page: Path) -> None:
    targets = LINK.findall(without_code(page.read_text()))
    assert [target for target in targets if is_broken(page, target)] == []


@pytest.mark.parametrize("target", ["no/such/file.md", "README.md#no-such-heading", "#no-such-heading"])
def test_a_broken_link_is_found(target: str) -> None:
    assert is_broken(ROOT / "README.md", target)


def existing_tests() -> set[str]:
    tests = ROOT / "tests"
    names: set[str] = set()
    for path in tests.rglob("test_*.py"):
        names.update(re.findall(r"def (test_\w+)", path.read_text()))
    for path in tests.rglob("*_test.c"):
        names.update(re.findall(r"^TEST\((\w+)\)", path.read_text(), re.MULTILINE))
    return names


def named_tests(text: str) -> set[str]:
    """Names in backticks that begin with test_, or that have the form of a C test's name."""
    words = re.findall(r"`([a-z0-9_]+)`", without_code(text))
    return {
        word
        for word in words
        if word.startswith("test_")
        or word.count("_") >= 5
        and not word.startswith(("adk_", "aeron_", "rte_"))
    }


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    assert named_tests(page.read_text()) - existing_tests() == set()


def test_every_invariant_names_its_tests() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("## Invariants")[2].partition("\n## ")[0]
    invariants = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert invariants
    assert [line for line in invariants if not named_tests(line.rpartition(" | ")[2])] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_verb_of_dev_that_a_page_names_exists(page: Path) -> None:
    verbs = re.search(r"^VERBS = \((.*)\)$", (ROOT / "dev").read_text(), re.MULTILINE)
    assert verbs is not None
    assert set(re.findall(r"\./dev (\w+)", code_in(page.read_text()))) <= set(verbs[1].split(", "))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """Files of the repository; those under build/ and src/aeron_dpdk/bin/ are generated."""
    named = set(
        re.findall(r"(?<![\w/.-])((?:native|src|tests|bench|docs|cmake)/[\w./-]*\w)", page.read_text())
    )
    assert [name for name in named if "/bin/" not in name and not (ROOT / name).exists()] == []


def test_every_client_program_that_a_page_calls_has_its_source() -> None:
    for page in PAGES:
        for program in re.findall(r"build/native/tests/system/(\w+)", page.read_text()):
            assert (ROOT / "tests" / "system" / "native" / f"{program}.c").exists(), shown(page)


def test_the_example_in_python_makes_settings_of_a_driver() -> None:
    example = re.search(
        r"^```python\n(.*?)^```", (OPERATIONS / "running.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert example is not None
    up_to_the_start, start, _ = example[1].partition("with MediaDriver(settings)")
    names: dict[str, object] = {}
    exec(up_to_the_start, names)
    assert start and isinstance(names["settings"], Settings)
