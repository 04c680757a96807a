"""What `./dev matrix` reads from pytest's output, what it refuses, and what its rows see of this machine."""

import os
import subprocess
from pathlib import Path

import pytest
from release.matrix import OWN_FOLDERS, lowest, main, summary_in


def test_the_closing_line_is_found_with_and_without_its_rule() -> None:
    assert summary_in("...\n==== 3 failed, 7 passed in 1.20s ====\n") == "3 failed, 7 passed in 1.20s"
    assert (
        summary_in("...\n7 passed, 1 skipped in 1.20s (0:00:01)\n")
        == "7 passed, 1 skipped in 1.20s (0:00:01)"
    )


def test_a_build_that_failed_shows_its_last_line() -> None:
    assert summary_in("cc ...\n./dev: build failed: fix what it names above.\n").startswith(
        "./dev: build failed"
    )
    assert summary_in("") == "no output"


def test_every_lower_bound_is_a_version_that_can_be_installed() -> None:
    assert lowest()
    assert all(each.count("==") == 1 and "=" not in each.replace("==", "") for each in lowest())


def test_an_unknown_release_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["buster"]) == 2
    assert "there is no buster: name any of bookworm, trixie, sid, lowest, aarch64" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_a_row_sees_no_aeron_directory_of_this_machine_and_leaves_no_namespace_to_it() -> None:
    ours = Path(f"/dev/shm/adk-{os.getpid()}-matrix")
    theirs = f"adk-1-{os.getpid()}"
    script = f"{OWN_FOLDERS} ls /dev/shm; ip netns add {theirs}; ls /run/netns"
    ours.mkdir()
    try:
        seen = subprocess.check_output(["unshare", "-m", "sh", "-ec", script], text=True)
    finally:
        ours.rmdir()
    assert seen.split() == [theirs]
    assert not Path("/run/netns", theirs).exists()
