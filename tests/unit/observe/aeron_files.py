"""cnc.dat and loss-report.dat as a driver leaves them, written from Aeron's headers, not from our reader."""

import struct
from collections.abc import Sequence
from pathlib import Path

from aeron_dpdk.observe.cnc import AeronCounter, DistinctError, Loss

VERSION = 0x00_02_00  # aeron_semantic_version_compose(0, 2, 0)
PID, START_MS, HEARTBEAT_MS = 4711, 1_700_000_000_000, 1_700_000_012_345
TO_DRIVER_LENGTH = 1024 + 768  # AERON_RB_TRAILER_LENGTH
TO_CLIENTS_LENGTH = 1024 + 128
COUNTERS = 16
ERROR_LOG_LENGTH = 4096
METADATA_OFFSET = 128 + TO_DRIVER_LENGTH + TO_CLIENTS_LENGTH
VALUES_OFFSET = METADATA_OFFSET + 512 * COUNTERS
ERROR_LOG_OFFSET = VALUES_OFFSET + 128 * COUNTERS
CNC_LENGTH = ERROR_LOG_OFFSET + ERROR_LOG_LENGTH


def cnc_file(counters: Sequence[AeronCounter] = (), errors: Sequence[DistinctError] = ()) -> bytearray:
    """Ids without a counter are those of counters that were freed."""
    content = bytearray(CNC_LENGTH)
    lengths = (TO_DRIVER_LENGTH, TO_CLIENTS_LENGTH, 512 * COUNTERS, 128 * COUNTERS, ERROR_LOG_LENGTH)
    struct.pack_into("<6iqqqi", content, 0, VERSION, *lengths, 10_000_000_000, START_MS, PID, 4096)
    struct.pack_into("<q", content, 128 + TO_DRIVER_LENGTH - 768 + 640, HEARTBEAT_MS)
    for each in counters:
        label = each.label.encode()
        record = struct.pack("<iiq112si", 1, each.type_id, 0, each.key, len(label)) + label
        at = METADATA_OFFSET + 512 * each.id
        content[at : at + len(record)] = record
        struct.pack_into("<qq", content, VALUES_OFFSET + 128 * each.id, each.value, each.registration_id)
    for id_ in set(range(max((each.id for each in counters), default=0))) - {each.id for each in counters}:
        struct.pack_into("<i", content, METADATA_OFFSET + 512 * id_, -1)
    at = ERROR_LOG_OFFSET
    for error in errors:
        text = error.text.encode()
        record = (
            struct.pack("<iiqq", 24 + len(text), error.observations, error.last_ms, error.first_ms) + text
        )
        content[at : at + len(record)] = record
        at += (len(record) + 7) // 8 * 8
    return content


def loss_report(losses: Sequence[Loss], length: int = 1 << 16) -> bytearray:
    """aeron_loss_reporter_create_entry(), one after the other."""
    content = bytearray(length)
    at = 0
    for each in losses:
        record = struct.pack("<4q", each.observations, each.bytes, each.first_ms, each.last_ms)
        record += struct.pack("<2i", each.session_id, each.stream_id)
        channel, source = each.channel.encode(), each.source.encode()
        record += struct.pack("<i", len(channel)) + channel + bytes(-len(channel) % 4)
        record += struct.pack("<i", len(source)) + source
        content[at : at + len(record)] = record
        at += (len(record) + 63) // 64 * 64
    return content


def write(directory: Path, cnc: bytes | bytearray, report: bytes | bytearray) -> None:
    (directory / "cnc.dat").write_bytes(cnc)
    (directory / "loss-report.dat").write_bytes(report)
