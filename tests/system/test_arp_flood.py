"""A neighbour on the wire that floods us with forged ARP at full rate, and answers each of our ARP
requests.

`./dev attack` does it a hundred times in each of its forms, the everyday tests once.
"""

import random
from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from tests.system.fixtures import topology
from tests.system.fixtures.frames import Station, flood, station
from tests.system.fixtures.testbed import Maker, Testbed, next_port, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End

pytestmark = pytest.mark.usefixtures("dpdk_only")

EVIL = "02:66:66:66:66"  # and one octet more
ATTACK_S = 4.0  # longer than all requests of a sequence together
WHO_HAS, IS_AT = 1, 2
# After Aeron's default of ten seconds without CPU time a client ends, and its stream with it.
PATIENCE = {"AERON_CLIENT_LIVENESS_TIMEOUT": "120s", "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "180s"}


def forged_replies(victim: str, ours: End, attackers: int) -> list[bytes]:
    return [
        bytes(
            Ether(src=mac, dst=ours.mac)
            / ARP(op=IS_AT, hwsrc=mac, psrc=victim, pdst=ours.address, hwdst=ours.mac)
        )
        for mac in (f"{EVIL}:{i:02x}" for i in range(attackers))
    ]


def redirected(host: Station, victim: str, answers: list[bytes], seconds: float) -> int:
    """Answers every ARP request for `victim` with a lie; counts the frames sent to the false MAC."""
    dice = random.Random(victim)
    caught = 0
    for frame in host.received(seconds):
        if ARP in frame and frame[ARP].op == WHO_HAS and frame[ARP].pdst == victim:
            host.send(dice.choice(answers))
        elif UDP in frame and frame.dst.startswith(EVIL):
            caught += 1
    return caught


@pytest.fixture(scope="module", params=["peer", "gateway"])
def attacked(maker: Maker, request: pytest.FixtureRequest) -> Iterator[tuple[Testbed, End]]:
    """A testbed, and the end whose address is attacked from its own wire."""
    layout = topology.straight if request.param == "peer" else topology.routed
    label = f"flood-{request.param}"
    with layout(label, is_ours_kernel=False) as wire, maker.testbed(wire, label, **PATIENCE) as testbed:
        yield testbed, wire.router or wire.peer


@pytest.mark.parametrize("attackers", [1, 200], ids=["from_one_mac", "from_many_macs"])
def test_a_flood_of_forged_replies_redirects_no_stream(
    attacked: tuple[Testbed, End], attackers: int, pytestconfig: pytest.Config
) -> None:
    testbed, end = attacked
    lies = forged_replies(end.address, testbed.wire.ours, attackers)
    channel = udp(testbed.peer.address, next_port())
    content = {"messages": 10**9, "min": 100, "max": 1000}
    subscriber = testbed.peer.client("subscribe", channel=channel, **content)
    subscriber.await_event("ready")
    publisher = testbed.ours.client("publish", channel=channel, patient=True, interval_us=1000, **content)
    subscriber.await_event("receiving")
    try:
        for attempt in range(pytestconfig.getoption("--attacks")):
            with station(end) as host, flood(end, lies):
                assert redirected(host, end.address, lies, ATTACK_S) == 0, f"in attack {attempt}"
            with station(end) as host:
                came = host.await_frame(lambda frame: UDP in frame and frame[IP].dst == testbed.peer.address)
                seen = f"after attack {attempt}:\n{aeron_dpdk('status', testbed.ours, '--json').output}"
                assert publisher.is_running, f"its client ended by itself, {seen}"
                assert came is not None, f"silent {seen}"
                assert came.dst == end.mac, seen
        assert publisher.is_running and subscriber.is_running
    finally:
        testbed.reap()
    assert testbed.ours.counters().labelled("dpdk-arp-disputed") > 0
