import threading
from uuid import uuid4

from aeron_dpdk.tools.measure.alone import measuring_alone


def test_a_single_measurement_does_not_wait() -> None:
    waits: list[str] = []
    with measuring_alone(lambda: waits.append("waited"), f"\0{uuid4()}"):
        pass
    assert waits == []


def test_a_second_measurement_begins_when_the_first_has_ended() -> None:
    address, order = f"\0{uuid4()}", ["first begins"]
    is_waiting = threading.Event()

    def second() -> None:
        with measuring_alone(is_waiting.set, address):
            order.append("second begins")

    thread = threading.Thread(target=second)
    with measuring_alone(lambda: None, address):
        thread.start()
        assert is_waiting.wait(10)
        order.append("first ends")
    thread.join(10)
    assert order == ["first begins", "first ends", "second begins"]
