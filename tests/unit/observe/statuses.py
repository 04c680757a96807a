"""The status of a healthy driver."""

from dataclasses import replace

from tests.unit.observe.views import VIEW, WITH_TWO

from aeron_dpdk.observe.cnc import DriverFacts, Loss
from aeron_dpdk.observe.counts import BACK_PRESSURE, DROPS, EVENTS, Counts
from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.streams import Channel, Stream
from aeron_dpdk.observe.threads import ThreadView

URI = "aeron:udp?endpoint=10.0.0.5:4000"

COUNTS = Counts(
    traffic={"rx-packets": 10, "rx-bytes": 1000, "tx-packets": 7, "tx-bytes": 700, "loopback-packets": 1},
    drops={**dict.fromkeys(DROPS, 0), "rx-missed": 6},
    back_pressure=dict.fromkeys(BACK_PRESSURE, 0),
    events={**dict.fromkeys(EVENTS, 0), "arp-replies-sent": 2},
    xstats={"bw_in_allowance_exceeded": 8},
)

STATUS = Status(
    at_ms=1_000_000,
    aeron_dir="/dev/shm/aeron",
    facts=DriverFacts(42, 900_000, 999_500),
    driver=VIEW,
    threads=(ThreadView(42, "aeronmd_dpdk", "0", 0, 1500), ThreadView(43, "receiver", "2", 2, 61_000)),
    longest_cycles_ns={"conductor": 5_000_000, "sender": 20_000, "receiver": 30_000},
    system={0: 1000, 5: 3, 18: 4, 27: 1},
    channels=(Channel("receive", URI, "active", ("10.0.0.5:4000",), ("dpdk",)),),
    streams=(
        Stream(
            "receive", -7, 1001, URI, {"rcv-pos": 640, "rcv-hwm": 640, "sub-pos": 320, "rcv-naks-sent": 3}
        ),
        Stream("send", 9, 1002, URI, {"pub-pos": 96, "snd-pos": 64, "snd-lmt": 4096, "snd-bpe": 2}),
    ),
    counts=(COUNTS,),
    errors=(),
    losses=(Loss(2, 64, 0, 0, -7, 1001, URI, "10.0.0.9:1"), Loss(3, 96, 0, 0, -8, 1001, URI, "10.0.0.9:1")),
    problems=(),
)

OTHER_COUNTS = replace(COUNTS, traffic={**COUNTS.traffic, "rx-packets": 20}, xstats={})
STATUS_OF_TWO = replace(STATUS, driver=WITH_TWO, counts=(COUNTS, OTHER_COUNTS))
