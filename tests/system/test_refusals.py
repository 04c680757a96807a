"""What cannot work is refused when the application asks for it, with a message that says why."""

import pytest
from tests.system.fixtures.client import ClientError
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.testbed import Content, Testbed, eventually, next_port, transfer, udp

CONTENT: Content = {"messages": 20, "min": 1, "max": 2000}


def refusal(driver: Driver, program: str, channel: str) -> str:
    """The message that the client gets; the test fails if the client gets what it asked for."""
    client = driver.client(program, channel=channel)
    with pytest.raises(ClientError) as refused:
        client.await_event("ready")
    return refused.value.message


@pytest.fixture
def ours(testbed: Testbed) -> Driver:
    return testbed.ours


def test_a_port_in_use_is_a_registration_error(testbed: Testbed, ours: Driver) -> None:
    port = next_port()
    holder = ours.client("subscribe", channel=udp(ours.address, port), patient=True)
    holder.await_event("ready")
    message = refusal(ours, "publish", f"aeron:udp?control-mode=dynamic|control={ours.address}:{port}")
    assert "in use" in message
    if isinstance(ours, DpdkDriver):
        assert f"{ours.address}:{port}" in message


def test_a_port_is_free_again_once_its_channel_is_closed(ours: Driver) -> None:
    port = next_port()
    holder = ours.client("subscribe", channel=udp(ours.address, port), patient=True)
    holder.await_event("ready")
    holder.stop()

    def is_free() -> bool:
        client = ours.client(
            "publish", channel=f"aeron:udp?control-mode=dynamic|control={ours.address}:{port}"
        )
        try:
            client.await_event("ready")
        except ClientError:
            return False
        return True

    # Aeron lets a client end before the driver has closed the client's resources.
    eventually(is_free, f"port {port} is free again")


@pytest.mark.usefixtures("dpdk_only")
@pytest.mark.parametrize("program", ["publish", "subscribe"])
@pytest.mark.parametrize(
    ("channel", "named"),
    [
        pytest.param("aeron:udp?endpoint=[fd00::1]:20999", "fd00::1", id="ipv6"),
    ],
)
def test_what_the_driver_does_not_carry_is_refused_by_name(
    ours: Driver, program: str, channel: str, named: str
) -> None:
    message = refusal(ours, program, channel)
    assert named in message
    assert "IPv4" in message


@pytest.mark.parametrize(
    ("program", "channel"),
    [
        ("subscribe", "aeron:udp?endpoint=10.91.0.77:20999"),
        ("publish", "aeron:udp?control-mode=manual|control=10.91.0.77:20999"),
    ],
)
def test_a_channel_bound_to_a_foreign_address_is_refused(ours: Driver, program: str, channel: str) -> None:
    message = refusal(ours, program, channel)
    if isinstance(ours, DpdkDriver):
        assert "10.91.0.77" in message
        assert ours.address in message


@pytest.mark.usefixtures("dpdk_only")
@pytest.mark.parametrize("mtu", [11840, 16384])
def test_a_channel_mtu_beyond_eight_fragments_is_refused_with_both_numbers(ours: Driver, mtu: int) -> None:
    message = refusal(ours, "publish", udp("10.91.0.2", next_port(), mtu=mtu))
    assert str(mtu) in message
    assert "1500" in message


def test_a_refusal_leaves_the_driver_at_work(testbed: Testbed, ours: Driver) -> None:
    refusal(ours, "subscribe", udp("10.91.0.77", next_port()))
    transfer(testbed.peer, ours, udp(ours.address, next_port()), **CONTENT)
