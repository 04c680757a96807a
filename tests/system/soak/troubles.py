"""What happens to a wire and to a driver from outside, now and then, as the dice decide."""

import random
import time
from collections.abc import Callable

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.namespace import packet_socket
from tests.system.fixtures.port_restart import restart
from tests.system.fixtures.testbed import Testbed
from tests.system.fixtures.topology import TappedWire
from tests.system.test_faulty_networks import garbage

FLAP_S = 0.2
FRAMES = 200
LIARS_MAC = "02:66:66:66:66:66"
IS_AT = 2


def hostile_frames(dice: random.Random, tapped: TappedWire, testbed: Testbed) -> None:
    ours, peer = testbed.ours.end, testbed.peer.end
    template = bytes(
        Ether(src=LIARS_MAC, dst=ours.mac)
        / IP(src="10.91.0.66", dst=ours.address)
        / UDP(sport=40000, dport=dice.randrange(20000, 30000))
        / Raw(bytes(1000))
    )
    lie = bytes(
        Ether(src=LIARS_MAC, dst=ours.mac)
        / ARP(op=IS_AT, hwsrc=LIARS_MAC, psrc=peer.address, hwdst=ours.mac, pdst=ours.address)
    )
    with packet_socket(tapped.middle, tapped.to_ours) as wire:
        for _ in range(FRAMES):
            wire.send(lie if dice.random() < 0.3 else garbage(dice, template))


def link_flap(dice: random.Random, tapped: TappedWire, testbed: Testbed) -> None:
    """Pulls the cable: if the peer's own interface went down, its kernel would have no route for new
    streams."""
    interface = dice.choice((tapped.to_ours, tapped.to_peer))
    tapped.middle.ip("link", "set", interface, "down")
    time.sleep(FLAP_S)
    tapped.middle.ip("link", "set", interface, "up")


def peers_new_mac(dice: random.Random, tapped: TappedWire, testbed: Testbed) -> None:
    end = testbed.peer.end
    mac = f"02:ad:00:00:00:{dice.randrange(2, 250):02x}"
    end.namespace.ip("link", "set", end.interface, "address", mac)


def port_restart(dice: random.Random, tapped: TappedWire, testbed: Testbed) -> None:
    assert isinstance(testbed.ours, DpdkDriver)
    restart(testbed.ours)


TROUBLES: tuple[Callable[[random.Random, TappedWire, Testbed], None], ...] = (
    hostile_frames,
    hostile_frames,
    link_flap,
    peers_new_mac,
    port_restart,
)
