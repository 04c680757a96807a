import re
from pathlib import Path

from aeron_dpdk.control.data_plane import Count

HEADER = Path(__file__).parents[3] / "native" / "api" / "aeron_dpdk.h"


def test_every_count_of_the_control_plane_is_in_the_native_header() -> None:
    kept_here = HEADER.read_text().split("/* kept by the control plane */")[1].split("ADK_COUNT_SIZE")[0]
    declared = set(re.findall(r"ADK_COUNT_(\w+)", kept_here))

    assert {count.name for count in Count} == declared - {"CONTROL_TX_FULL"}  # transmit() counts that one
    assert all(count.value == count.name.lower().replace("_", "-") for count in Count)
