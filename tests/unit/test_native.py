"""The typed interface of the extension module, on a real stack over DPDK's null device."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import aeron_dpdk

NATIVE = list(Path(aeron_dpdk.__file__).parent.glob("_native*.so"))
needs_native = pytest.mark.skipif(not NATIVE, reason="the native half is not built: run ./dev build")

# In a process of its own: DPDK starts once in each.
PROGRAM = """
import gc, json, tracemalloc
from ipaddress import IPv4Address
from aeron_dpdk import native
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.errors import explain
from aeron_dpdk.seam import StackSettings
from aeron_dpdk.wire.ethernet import Mac

eal = native.Eal(["test", "--no-huge", "-m256", "--no-shconf", "--no-pci", "--no-telemetry", "--lcores=0@(0)",
                  "--vdev=net_null0,no-rx=1", "--log-level=error"])
result = {}
own = IPv4Address("10.0.0.5")
for name, settings in {"bad_port": StackSettings(own, port_id=9),
                       "bad_ops": StackSettings(own, rx_mempool_ops="nonsense")}.items():
    try:
        native.Stack(settings)
    except Exception as error:
        result[name] = [type(error).__name__, explain(error).text]
stack = native.Stack(StackSettings(own, prefix_length=24, rx_queue_size=64, tx_queue_size=64))
info = stack.port_info()
result["info"] = [info.name, info.driver, info.mtu, len(info.mac.octets)]
result["link"] = stack.link().is_up
peer = IPv4Address("10.0.0.6")
stack.neighbour_set(peer, Mac(bytes([2, 0, 0, 0, 0, 6])))
result["was_used"] = stack.neighbour_was_used(peer)
stack.neighbour_forget(peer)
result["transmitted"] = stack.transmit(bytes(60))
for count in Count:
    stack.count(count, 3)
result["counts"] = sorted(set(Count) - set(native.count_names()))
result["event"] = stack.receive()
result["reset"] = stack.reset_requested()
stack.request_reset()
result["reset_asked"] = stack.reset_requested()
while stack.reset_step():
    pass
result["reset_done"] = stack.reset_requested()

def idle():
    for _ in range(2000):
        stack.receive(), stack.reset_requested(), stack.watch_device(), stack.sleep(0, (0,)), stack.pause(0)

idle()
gc.collect()
tracemalloc.start()
idle()
before = tracemalloc.get_traced_memory()[0]
idle()
result["grown"] = tracemalloc.get_traced_memory()[0] - before
tracemalloc.stop()
stack.close()
eal.close()
print(json.dumps(result))
"""


@pytest.fixture(scope="module")
def result() -> Any:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_native
def test_the_port_describes_its_device(result: Any) -> None:
    assert result["info"] == ["net_null0", "net_null", 1500, 6]
    assert result["link"] is True


@needs_native
def test_a_port_that_does_not_exist_is_an_error_with_its_number(result: Any) -> None:
    kind, text = result["bad_port"]
    assert kind == "PortError" and "port 9" in text


@needs_native
def test_mempool_operations_that_do_not_exist_are_an_error_with_their_name(result: Any) -> None:
    kind, text = result["bad_ops"]
    assert kind == "PortError" and "nonsense" in text


@needs_native
def test_an_unused_neighbour_is_not_used_and_an_idle_port_has_no_event(result: Any) -> None:
    assert result["was_used"] is False and result["event"] is None


@needs_native
def test_a_frame_is_taken_and_every_count_of_the_control_plane_has_a_row(result: Any) -> None:
    assert result["transmitted"] is True
    assert result["counts"] == []


@needs_native
def test_a_restart_that_was_asked_for_is_done_in_steps(result: Any) -> None:
    assert (result["reset"], result["reset_asked"], result["reset_done"]) == (False, True, False)


@needs_native
def test_calls_that_find_nothing_keep_no_memory(result: Any) -> None:
    assert result["grown"] <= 64
