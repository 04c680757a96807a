"""Loss, duplication, reordering, corruption and garbage: the streams arrive whole."""

import random

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.frames import Forger, station
from tests.system.fixtures.testbed import Content, Maker, Testbed, eventually, next_port, transfer, udp

CONTENT: Content = {"messages": 600, "min": 1, "max": 5000}


@pytest.mark.parametrize("direction", ["out", "in"])
@pytest.mark.parametrize(
    "fault",
    [{"drop": 0.05}, {"duplicate": 0.2}, {"reorder": 0.2}, {"corrupt": 0.05},
     {"drop": 0.03, "duplicate": 0.05, "reorder": 0.1, "corrupt": 0.03}],
    ids=["loss", "duplicates", "reordering", "corruption", "all_of_them"],
)  # fmt: skip
def test_a_stream_crosses_a_wire_with(maker: Maker, fault: dict[str, float], direction: str) -> None:
    with topology.tapped("faulty", is_ours_kernel=maker.is_ours_kernel) as tapped:
        forger = Forger(tapped, seed=2, **fault)
        with forger.at_work(), maker.testbed(tapped.wire, "faulty") as testbed:
            source, sink = (
                (testbed.ours, testbed.peer) if direction == "out" else (testbed.peer, testbed.ours)
            )
            transfer(source, sink, udp(sink.address, next_port()), **CONTENT)
            assert testbed.ours.counters().labelled("Invalid packets") == 0
    assert all(forger.spoiled[name] > 0 for name in fault)


@pytest.mark.parametrize("direction", ["out", "in"])
def test_aerons_own_loss_interceptor_works_above_us(
    maker: Maker, wire: topology.Wire, direction: str
) -> None:
    settings = {
        "AERON_UDP_CHANNEL_INCOMING_INTERCEPTORS": "loss",
        # Setup, status messages, NAKs and data frames alike (protocol types 1 to 5).
        "AERON_UDP_CHANNEL_TRANSPORT_BINDINGS_LOSS_ARGS": "rate=0.1|recv-msg-mask=0x3e|seed=11",
    }
    ours, peer = maker.ours(wire.ours, "lossy-ours", **settings), maker.kernel(wire.peer, "lossy-peer")
    try:
        ours.start()
        peer.start()
        source, sink = (ours, peer) if direction == "out" else (peer, ours)
        transfer(source, sink, udp(sink.address, next_port()), **CONTENT)
        if direction == "in":
            eventually(lambda: ours.counters().labelled("NAKs sent") > 0, "lost data is asked for again")
    finally:
        ours.discard()
        peer.discard()


def garbage(dice: random.Random, template: bytes) -> bytes:
    """A frame to our MAC: noise, a mutilated copy of a valid frame, or a valid one with noise for Aeron."""
    kind = dice.randrange(3)
    if kind == 0:
        return template[:12] + dice.randbytes(dice.randrange(2, 1500))
    if kind == 1:
        mutilated = bytearray(template[: dice.randrange(14, len(template))])
        for _ in range(dice.randrange(1, 8)):
            mutilated[dice.randrange(6, len(mutilated))] = dice.randrange(256)
        return bytes(mutilated)
    good = Ether(template)
    good[UDP].payload = Raw(dice.randbytes(dice.randrange(0, 1400)))
    del good[IP].len, good[IP].chksum, good[UDP].len, good[UDP].chksum
    return bytes(good)


def test_garbage_on_the_wire_disturbs_no_stream(own_testbed: Testbed) -> None:
    ours, peer = own_testbed.ours, own_testbed.peer
    channel = udp(ours.address, port := next_port())
    template = bytes(
        Ether(src=peer.end.mac, dst=ours.end.mac)
        / IP(src="10.91.0.66", dst=ours.address)
        / UDP(sport=40000, dport=port)
        / Raw(bytes(1000))
    )
    dice = random.Random(5)
    frames = [garbage(dice, template) for _ in range(3000)]

    subscriber = ours.client("subscribe", channel=channel, **{**CONTENT, "messages": 3000})
    subscriber.await_event("ready")
    publisher = peer.client("publish", channel=channel, **{**CONTENT, "messages": 3000})
    publisher.await_event("connected")
    with station(own_testbed.wire.peer) as intruder:
        intruder.send(*frames)
    [sent] = publisher.finish()["publications"]
    [received] = subscriber.finish()["subscriptions"]
    assert sent["digest"] in [source["digest"] for source in received["sources"]]
    transfer(ours, peer, udp(peer.address, next_port()), **CONTENT)
