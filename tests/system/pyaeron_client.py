"""Run by an interpreter that has pyaeron: `publish DIR CHANNEL COUNT` or `subscribe DIR CHANNEL COUNT`.

Message n is n as text, repeated up to about 3 kB, so that both whole frames and fragmented messages occur.
Prints `ready`, and `done COUNT` when all messages have been sent, or received correctly.
"""

import sys
import time

import pyaeron  # type: ignore[import-not-found]

STREAM_ID = 1001
GIVE_UP_S = 60.0


def message(number: int) -> bytes:
    return f"{number},".encode() * (1 + number * 7 % 600)


def publish(aeron: pyaeron.Aeron, channel: str, count: int) -> int:
    publication = aeron.add_publication(channel, STREAM_ID)
    print("ready", flush=True)
    publication.await_connected(timeout=GIVE_UP_S)
    for number in range(count):
        payload = message(number)
        while publication.offer(payload) is not True:
            time.sleep(0.0001)
    publication.close()
    return count


def subscribe(aeron: pyaeron.Aeron, channel: str, count: int) -> int:
    subscription = aeron.add_subscription(channel, STREAM_ID)
    print("ready", flush=True)
    received = 0

    def on_message(buffer: memoryview, header: object) -> None:
        nonlocal received
        if bytes(buffer) != message(received):
            sys.exit(f"message {received} is not what was sent")
        received += 1

    give_up = time.monotonic() + GIVE_UP_S
    while received < count and time.monotonic() < give_up:
        if not subscription.poll(on_message, 32):
            time.sleep(0.0005)
    return received


def main() -> None:
    role, directory, channel, count = sys.argv[1:]
    with pyaeron.Aeron(dir=directory) as aeron:
        print(
            "done", {"publish": publish, "subscribe": subscribe}[role](aeron, channel, int(count)), flush=True
        )


if __name__ == "__main__":
    main()
