"""libpcap's filter expressions, compiled by libpcap (pcap-filter(7)).

Called by ctypes: that is two calls and a struct, where a binding would be one more dependency.
"""

import ctypes
from pathlib import Path

from aeron_dpdk.errors.observe import FilterError, LibpcapError

_PACKAGE = Path(__file__).parents[1]
_OF_THE_SYSTEM = ("libpcap.so.1", "libpcap.so.0.8")  # libpcap's own name, and Debian's
_DLT_EN10MB = 1
_NETMASK_UNKNOWN = 0xFFFFFFFF
_SNAP_LENGTH = 262144
_INSTRUCTION_LENGTH = 8


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


def compile_filter(expression: str) -> bytes:
    """The program, an array of struct bpf_insn; empty for an empty expression, which matches every frame.
    Raises FilterError, LibpcapError."""
    if not expression.strip():
        return b""
    pcap = load_libpcap()
    handle = ctypes.c_void_p(pcap.pcap_open_dead(_DLT_EN10MB, _SNAP_LENGTH))
    program = _Program()
    try:
        code = pcap.pcap_compile(
            handle, ctypes.byref(program), expression.encode(), 1, ctypes.c_uint32(_NETMASK_UNKNOWN)
        )
        if code < 0:
            raise FilterError(expression, pcap.pcap_geterr(handle).decode(errors="replace"))
        compiled = ctypes.string_at(program.instructions, program.length * _INSTRUCTION_LENGTH)
        pcap.pcap_freecode(ctypes.byref(program))
        return compiled
    finally:
        pcap.pcap_close(handle)


def libraries(package: Path) -> tuple[str, ...]:
    """What to load: the copy that auditwheel has put beside a wheel's package, then the system's."""
    return (*map(str, package.parent.glob(f"{package.name}.libs/libpcap*.so*")), *_OF_THE_SYSTEM)


def load_libpcap() -> ctypes.CDLL:
    """Raises LibpcapError."""
    names = libraries(_PACKAGE)
    for name in names:
        try:
            pcap = ctypes.CDLL(name)
        except OSError:
            continue
        pcap.pcap_open_dead.restype = ctypes.c_void_p
        pcap.pcap_geterr.restype = ctypes.c_char_p
        return pcap
    raise LibpcapError(", ".join(names))
