"""An Aeron directory on a full file system: clients that ask for more get an error, those that have room
go on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.system.fixtures.client import ClientError, digest_of
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.namespace import LabError, run, unique
from tests.system.fixtures.testbed import Content, Maker, next_port, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import Wire

from aeron_dpdk.exit_code import ExitCode

pytestmark = pytest.mark.usefixtures("dpdk_only")

MIB = 1 << 20
STREAM: Content = {
    "messages": 12_000,
    "min": 1000,
    "max": 1000,
}  # so that each term of 1 MiB is reused


@contextmanager
def disk(mebibytes: int) -> Iterator[Path]:
    place = Path("/dev/shm") / unique("disk")
    place.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", str(place))
        try:
            yield place
        finally:
            run("umount", "--lazy", str(place))
    finally:
        place.rmdir()


def fill(place: Path) -> None:
    with suppress(OSError), (place / "others").open("wb", buffering=0) as others:
        while True:
            others.write(bytes(MIB // 16))


@pytest.fixture
def place(clean_machine: None) -> Iterator[Path]:
    with disk(128) as made:
        yield made


@pytest.fixture
def ours(maker: Maker, wire: Wire, place: Path, request: pytest.FixtureRequest) -> Iterator[Driver]:
    is_sparse = getattr(request, "param", "false")
    driver = maker.ours(wire.ours, "disk/aeron", AERON_TERM_BUFFER_SPARSE_FILE=is_sparse)
    assert driver.aeron_dir.parent == place
    yield driver
    driver.discard()


@pytest.mark.parametrize("ours", ["true"], indirect=True, ids=["sparse"])
def test_sparse_terms_are_promised_once_and_who_wants_more_is_refused(ours: Driver) -> None:
    """Stock Aeron promises the same room to all: 48 of the 80 MiB that cnc.dat leaves."""
    ours.start()
    stream: Content = {"messages": 60_000, "min": 1000, "max": 1000}  # more than three terms
    channel = "aeron:ipc?term-length=16m"
    publisher = ours.client("publish", channel=channel, patient=True, **stream)
    publisher.await_event("ready")
    for other in (2001, 2002):
        with pytest.raises(ClientError, match="insufficient usable storage"):
            ours.client("publish", channel=channel, stream=other, messages=1).await_event("ready")
    subscriber = ours.client("subscribe", channel=channel, verify=True, **stream)
    [sent] = publisher.finish()["publications"]
    [received] = subscriber.finish()["subscriptions"]
    assert [digest_of(source) for source in received["sources"]] == [digest_of(sent)]
    assert ours.stop() == ExitCode.OK


def test_a_stream_whose_terms_are_reserved_goes_on_and_a_new_one_is_refused(
    ours: Driver, place: Path
) -> None:
    ours.start()
    channel = udp(ours.address, next_port(), term_length="1m")
    subscriber = ours.client("subscribe", channel=channel, verify=True, **STREAM)
    subscriber.await_event("ready")
    publisher = ours.client("publish", channel=channel, patient=True, interval_us=300, **STREAM)
    subscriber.await_event("receiving")
    fill(place)
    with pytest.raises(ClientError, match="insufficient"):
        ours.client("publish", channel="aeron:ipc?term-length=1m", messages=1).await_event("ready")
    [sent] = publisher.finish()["publications"]
    [received] = subscriber.finish()["subscriptions"]
    assert [digest_of(source) for source in received["sources"]] == [digest_of(sent)]
    assert ours.stop() == ExitCode.OK


@pytest.mark.parametrize("ours", ["true"], indirect=True, ids=["sparse"])
def test_status_says_that_others_take_the_room_of_sparse_terms_before_it_ends_in_sigbus(
    ours: Driver, place: Path
) -> None:
    ours.start()
    ours.client("publish", channel="aeron:ipc?term-length=16m", patient=True, messages=1).await_event("ready")
    assert aeron_dpdk("status", ours).exit_code == ExitCode.OK
    fill(place)
    told = aeron_dpdk("status", ours)
    assert told.exit_code == ExitCode.UNHEALTHY and "log buffers may still grow by 4" in told.output
    (place / "others").unlink()
    assert aeron_dpdk("status", ours).exit_code == ExitCode.OK
    assert ours.stop() == ExitCode.OK


def test_a_start_on_a_full_disk_is_refused_with_a_remedy(ours: Driver, place: Path) -> None:
    fill(place)
    with pytest.raises(
        LabError, match=r"has no room for Aeron's files .*No space left.*set AERON_DIR to a larger"
    ):
        ours.start()
    assert ours.process is not None and ours.process.exit_code == ExitCode.DIRECTORY
