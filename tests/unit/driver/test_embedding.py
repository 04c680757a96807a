"""The real native half under MediaDriver, over DPDK's null device: needs no NIC, no huge pages, no root."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import aeron_dpdk

NATIVE = list(Path(aeron_dpdk.__file__).parent.glob("_native*.so"))

# In a process of its own: DPDK starts once in each.
PROGRAM = """
import json, os, sys
from ipaddress import IPv4Address
from pathlib import Path
from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.media_driver import MediaDriver
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.errors import explain

directory = Path(sys.argv[1]) / "aeron"
settings = Settings(
    (InterfaceSettings(LocalAddress(IPv4Address("10.0.0.5"), 24), rx_queue_size=64, tx_queue_size=64),),
    eal_arguments=(
        "--no-huge", "--no-pci", "--no-telemetry", "--vdev=net_null0,no-rx=1", "--log-level=error"
    ),
    environment={"AERON_DIR": str(directory), "AERON_THREADING_MODE": "SHARED",
                 "AERON_SHARED_IDLE_STRATEGY": "sleep-ns", "AERON_DIR_DELETE_ON_SHUTDOWN": "true"},
)
with MediaDriver(settings) as driver:
    result = {
        "driver": driver.ready.ports[0].driver,
        "mode": driver.ready.threading_mode,
        "directory": driver.aeron_directory,
        "has_cnc": (directory / "cnc.dat").exists(),
    }
result["is_left"] = directory.exists()
result["environment"] = "AERON_DIR" in os.environ
try:
    with MediaDriver(settings):
        pass
except Exception as error:
    result["second"] = explain(error).text
print(json.dumps(result))
"""


@pytest.mark.skipif(not NATIVE, reason="the native half is not built: run ./dev build")
def test_a_program_runs_a_media_driver_and_is_as_before_when_it_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    result: Any = json.loads(done.stdout)
    assert result["second"].startswith("error: DPDK was started before in this process")
    del result["second"]
    assert result == {
        "driver": "net_null",
        "mode": "SHARED",
        "directory": str(tmp_path / "aeron"),
        "has_cnc": True,
        "is_left": False,
        "environment": False,
    }
