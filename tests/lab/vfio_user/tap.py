"""A tap in the namespace of the NICs' other ends, like those of QEMU's own NICs."""

import contextlib
import fcntl
import os
import struct
from collections.abc import Iterator

from tests.system.fixtures.namespace import Namespace, inside

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x2, 0x1000
LONGEST_FRAME = 65536


class Tap:
    """The kernel's end is the interface `name`; ours is a file of whole frames."""

    def __init__(self, namespace: Namespace, name: str) -> None:
        self._descriptor = inside(namespace, lambda: _open(name))
        self.refused = 0
        """Frames that the kernel did not take: the interface is down."""

    def fileno(self) -> int:
        return self._descriptor

    def send(self, frame: bytes) -> None:
        try:
            os.write(self._descriptor, frame)
        except OSError:
            self.refused += 1

    def frames(self, most: int) -> Iterator[bytes]:
        with contextlib.suppress(BlockingIOError):
            for _ in range(most):
                yield os.read(self._descriptor, LONGEST_FRAME)

    def close(self) -> None:
        os.close(self._descriptor)


def _open(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return descriptor
