"""The manual pages, as troff reads them."""

import subprocess
from pathlib import Path

import pytest
from release.man import pages

from aeron_dpdk.driver.setting_table import SETTING_TABLE, setting_names
from aeron_dpdk.exit_code import DRIVER_CODES
from aeron_dpdk.tools.main import COMMANDS

PAGES = pages("1.2.3", "2026-01-31")


def formatted(text: str, folder: Path) -> str:
    """As `man` prints it, 80 columns wide, without overstrikes; fails on any warning."""
    source = folder / "page"
    source.write_text(text)
    command = ["groff", "-ww", "-man", "-Tascii", "-P-cbou", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout


def test_every_command_has_a_page_and_the_two_drivers_too() -> None:
    expected = {"aeronmd_dpdk.8", "aeronmd.8", "aeron-dpdk.1"} | {f"aeron-dpdk-{each}.1" for each in COMMANDS}
    assert expected <= PAGES.keys()
    assert "aeron-dpdk-aws-setup.1" in PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_formatted_without_a_warning(name: str, tmp_path: Path) -> None:
    text = formatted(PAGES[name], tmp_path)
    assert text.startswith(f"{name.rpartition('.')[0].upper()}({name[-1]})")
    assert "aeron-dpdk 1.2.3" in text
    assert "2026-01-31" in text


def test_a_name_line_is_whole_so_that_apropos_finds_it() -> None:
    lines = PAGES["aeron-dpdk-status.1"].splitlines()
    assert lines[2] == "aeron\\-dpdk\\-status \\- Show a running driver on one screen"


def test_the_drivers_page_has_every_setting_and_every_exit_code(tmp_path: Path) -> None:
    text = formatted(PAGES["aeronmd_dpdk.8"], tmp_path)
    assert [each.name for each in SETTING_TABLE if f"\n       {each.name}\n" not in text] == []
    codes = text[text.index("EXIT STATUS") : text.index("SEE ALSO")]
    assert [code for code in DRIVER_CODES if f"\n       {code.value:<7}" not in codes] == []


def test_the_drivers_page_has_the_numbered_settings_of_every_further_interface(tmp_path: Path) -> None:
    """Found by `man aeronmd_dpdk | grep`: none is broken across lines."""
    words = formatted(PAGES["aeronmd_dpdk.8"], tmp_path).replace(",", " ").split()
    assert "AERON_DPDK_3_MTU" in words
    assert setting_names() - set(words) == set()


def test_an_option_is_written_with_hyphens_that_can_be_pasted(tmp_path: Path) -> None:
    assert "--undo" in formatted(PAGES["aeron-dpdk-setup.1"], tmp_path)
    assert ".B \\-\\-undo" in PAGES["aeron-dpdk-setup.1"]
