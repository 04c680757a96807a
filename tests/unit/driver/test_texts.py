from pathlib import Path

from tests.unit.driver.fakes import PORT, settings_in

from aeron_dpdk.driver.start_up import Ready
from aeron_dpdk.driver.texts import ready_text


def test_the_ready_line_says_where_what_and_who(tmp_path: Path) -> None:
    ready = Ready(settings_in(tmp_path), PORT, "DEDICATED", "/dev/shm/aeron-mike", 0, 4123456)
    assert ready_text(ready) == (
        "aeronmd_dpdk is ready: 10.0.0.5/24 at 02:00:00:00:00:01 on net_null port 0 (net_null0), mtu 1500, "
        "DEDICATED, /dev/shm/aeron-mike, as root:4123456"
    )
