"""How counters, errors and losses are printed: columns that scripts written for Aeron's tools expect."""

import csv
import json

from click.testing import CliRunner

from aeron_dpdk.observe.cnc import AeronCounter, DistinctError, DriverFacts, Loss
from aeron_dpdk.tools.counters import CountersView, counters, counters_text
from aeron_dpdk.tools.errors import ErrorsView, errors_text
from aeron_dpdk.tools.looking import json_line
from aeron_dpdk.tools.loss import LossView, loss_text

NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z


def test_a_counter_has_its_id_its_value_with_separators_and_its_label() -> None:
    counter = AeronCounter(7, 0, 1_234_567, "Status Messages sent", b"", 0)
    view = CountersView(
        "/dev/shm/aeron", NOON_MS, DriverFacts(42, NOON_MS - 9000, NOON_MS - 1500), (counter,)
    )
    assert counters_text(view).splitlines() == [
        "/dev/shm/aeron: pid 42, last heartbeat 1,500 ms ago",
        "  7:            1,234,567 - Status Messages sent",
    ]


def test_an_error_has_its_observations_its_times_and_its_text() -> None:
    error = DistinctError(3, NOON_MS, NOON_MS + 250, "(1) no such host\n[conductor] at x.c:1\n")
    assert errors_text(ErrorsView("/dev/shm/aeron", (error,))).splitlines() == [
        "***",
        "3 observations from 2026-11-22T12:00:00.000+00:00 to 2026-11-22T12:00:00.250+00:00 for:",
        " (1) no such host",
        "[conductor] at x.c:1",
        "",
        "1 distinct errors observed.",
    ]


def test_a_channel_with_commas_stays_one_field_of_the_loss_report() -> None:
    channel = "aeron:udp?endpoint=10.0.0.1:4000|alias=a,b"
    view = LossView("/dev/shm/aeron", (Loss(2, 64, NOON_MS, NOON_MS, -5, 1001, channel, "10.0.0.2:1"),))
    header, row, _ = loss_text(view).splitlines()
    fields = dict(zip(header.lstrip("#").split(", "), next(csv.reader([row])), strict=True))
    assert fields["CHANNEL"] == channel
    assert (fields["OBSERVATION_COUNT"], fields["TOTAL_BYTES_LOST"]) == ("2", "64")


def test_json_is_one_line_with_bytes_as_hexadecimal_digits() -> None:
    line = json_line(
        CountersView("d", 1, DriverFacts(1, 2, 3), (AeronCounter(0, 0, 0, "l", b"\x01\xff", 0),))
    )
    assert "\n" not in line
    assert json.loads(line)["counters"][0]["key"] == "01ff"


def test_watching_faster_than_the_driver_publishes_is_refused() -> None:
    outcome = CliRunner().invoke(counters, ["--watch=0.01"])
    assert outcome.exit_code == 2
    assert "0.1" in outcome.output
