"""A CnC file and a loss report, which other programs may have spoiled: read correctly, or refused."""

import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from aeron_dpdk.driver.aeron_errors import AeronErrors
from aeron_dpdk.errors.observe import CorruptFileError, NoDriverError, ObserveError
from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.observe.cnc import AeronCounter, Cnc, DistinctError, Loss, read_driver_sign, unfinished_by
from aeron_dpdk.tools.main import main
from aeron_dpdk.visible import visible_line

from .aeron_files import (
    CNC_LENGTH,
    ERROR_LOG_OFFSET,
    HEARTBEAT_MS,
    METADATA_OFFSET,
    PID,
    START_MS,
    cnc_file,
    loss_report,
    write,
)

COUNTERS = (
    AeronCounter(0, 0, -5, "Bytes sent", bytes(112), 0),
    AeronCounter(1, 9, 1 << 40, "snd-channel: aeron:udp?endpoint=10.0.0.1:1", bytes(range(112)), 77),
    AeronCounter(4, 80, 3, "dpdk-rx-packets é", bytes(112), -1),
)
ERRORS = (
    DistinctError(3, 1_700_000_000_100, 1_700_000_000_900, "no such host"),
    DistinctError(1, 1_700_000_000_200, 1_700_000_000_200, "a longer text, whose length is not aligned"),
)
LOSSES = (
    Loss(
        2, 2816, 1_700_000_000_100, 1_700_000_000_200, -7, 1001, "aeron:udp?endpoint=10.0.0.1:1", "10.0.0.2:9"
    ),
    Loss(1, 64, 1_700_000_000_300, 1_700_000_000_300, 8, 1002, "aeron:ipc", ""),
)
INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=90).map(visible_line)
LOSS = st.builds(Loss, st.integers(1, 2**63 - 1), INT64, INT64, INT64, INT32, INT32, TEXT, TEXT)


@contextmanager
def directory_with(cnc: bytes | bytearray, report: bytes | bytearray) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), cnc, report)
        yield Path(name)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write(tmp_path, cnc_file(COUNTERS, ERRORS), loss_report(LOSSES))
    return tmp_path


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def test_what_a_driver_wrote_is_what_is_read(directory: Path) -> None:
    with Cnc(directory) as cnc:
        facts = cnc.facts()
        assert (facts.pid, facts.start_ms, facts.heartbeat_ms) == (PID, START_MS, HEARTBEAT_MS)
        assert cnc.counters() == COUNTERS
        assert cnc.errors() == ERRORS
        assert cnc.losses() == LOSSES


@pytest.mark.parametrize("command", ["counters", "errors", "loss"])
@pytest.mark.parametrize(
    ("evil", "shown"),
    [
        ("\x1b]0;owned\x07\x1b[2J", r"\x1b]0;owned\x07\x1b[2J"),
        ("\x9b31m\r\x7f", r"\x9b31m\r\x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
    ],
)
def test_control_characters_are_escaped_for_a_terminal(
    tmp_path: Path, command: str, evil: str, shown: str
) -> None:
    counter, error, loss = (
        AeronCounter(0, 0, 1, evil, bytes(112), 0),
        DistinctError(1, 0, 0, evil),
        Loss(1, 1, 0, 0, 1, 1, evil, evil),
    )
    write(tmp_path, cnc_file((counter,), (error,)), loss_report((loss,)))
    output = CliRunner().invoke(main, [command, f"--aeron-dir={tmp_path}"]).output
    assert shown in output
    assert evil not in output


def test_a_label_of_two_lines_does_not_look_like_two_counters(tmp_path: Path) -> None:
    write(tmp_path, cnc_file((AeronCounter(0, 0, 1, "a\n  1:  7 - forged", bytes(112), 0),)), loss_report(()))
    output = CliRunner().invoke(main, ["counters", f"--aeron-dir={tmp_path}"]).output
    assert output.splitlines()[1:] == [r"  0:                    1 - a\n  1:  7 - forged"]


@given(st.lists(LOSS, max_size=5))
def test_a_loss_is_found_after_losses_of_any_length(losses: list[Loss]) -> None:
    with directory_with(cnc_file(), loss_report(losses)) as place, Cnc(place) as cnc:
        assert cnc.losses() == tuple(losses)


def test_a_full_loss_report_ends_with_its_last_entry(tmp_path: Path) -> None:
    write(tmp_path, cnc_file(), loss_report(LOSSES[:1], length=128))
    with Cnc(tmp_path) as cnc:
        assert cnc.losses() == LOSSES[:1]


@pytest.mark.parametrize("length", [-1, 0x7FFFFFFF, 1 << 16, -(2**31)])
@pytest.mark.parametrize("at", [40, 40 + 4 + 32], ids=["channel", "source"])
def test_a_corrupt_loss_report_is_named_with_the_byte(directory: Path, at: int, length: int) -> None:
    overwrite(directory / "loss-report.dat", at, struct.pack("<i", length))
    outcome = CliRunner().invoke(main, ["loss", f"--aeron-dir={directory}"])
    assert outcome.exit_code == ExitCode.CORRUPT
    assert f"{directory}/loss-report.dat is corrupt at byte {at + 4}" in outcome.output


@pytest.mark.parametrize("length", [-1, 381, 0x7FFFFFFF])
def test_a_corrupt_label_is_named_with_its_counter(directory: Path, length: int) -> None:
    overwrite(directory / "cnc.dat", METADATA_OFFSET + 128, struct.pack("<i", length))
    with Cnc(directory) as cnc, pytest.raises(CorruptFileError, match=f"{length} bytes"):
        cnc.counters()


def test_the_driver_reports_a_corrupt_error_log_once_and_goes_on(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chore = AeronErrors(directory)
    overwrite(directory / "cnc.dat", ERROR_LOG_OFFSET, struct.pack("<i", -24))
    for second in range(3):
        chore.step(second * 1_000_000_000)
    chore.close()
    assert len(caplog.messages) == 1
    assert "cnc.dat is corrupt" in caplog.messages[0]


@pytest.mark.parametrize("lengths", [(-1, 0, 0, 0, 0), (2**30, -(2**30), 0, 0, 0), (2**31 - 1,) * 5])
def test_a_file_whose_buffers_do_not_fit_it_is_refused(directory: Path, lengths: tuple[int, ...]) -> None:
    overwrite(directory / "cnc.dat", 4, struct.pack("<5i", *lengths))
    with pytest.raises(CorruptFileError, match="a buffer of -|ends within its buffers"):
        Cnc(directory, timeout_ms=0)


def test_another_version_is_named(directory: Path) -> None:
    overwrite(directory / "cnc.dat", 0, struct.pack("<i", 0x01_00_07))
    with pytest.raises(NoDriverError, match=r"version 1\.0\.7"):
        Cnc(directory, timeout_ms=0)


def test_truncating_a_file_that_is_open_kills_no_reader(directory: Path) -> None:
    with Cnc(directory) as cnc:
        os.truncate(directory / "cnc.dat", METADATA_OFFSET)
        with pytest.raises(CorruptFileError, match="cut short"):
            cnc.counters()


MUTATION = st.tuples(
    st.integers(0, CNC_LENGTH - 1),
    st.one_of(st.binary(max_size=64), INT32.map(lambda value: struct.pack("<i", value))),
)


def mutated(content: bytearray, mutations: list[tuple[int, bytes]], length: int) -> bytes:
    for at, piece in mutations:
        place = at % len(content)
        content[place : place + len(piece)] = piece[: len(content) - place]
    return bytes(content[:length])


@given(
    st.lists(MUTATION, max_size=6),
    st.integers(0, CNC_LENGTH),
    st.lists(MUTATION, max_size=6),
    st.integers(0, 1024),
    st.booleans(),
)
def test_whatever_the_files_contain_every_reader_ends_in_order(
    in_cnc: list[tuple[int, bytes]],
    cnc_length: int,
    in_report: list[tuple[int, bytes]],
    report_length: int,
    is_cut: bool,
) -> None:
    cnc = mutated(cnc_file(COUNTERS, ERRORS), in_cnc, cnc_length if is_cut else CNC_LENGTH)
    report = mutated(loss_report(LOSSES, 1024), in_report, report_length if is_cut else 1024)
    with directory_with(cnc, report) as place:
        read_driver_sign(place)
        unfinished_by(place)
        with suppress(ObserveError), Cnc(place, timeout_ms=0) as opened:
            for read in (opened.facts, opened.counters, opened.errors, opened.losses):
                with suppress(ObserveError):
                    read()
