"""Write the C source of the extension module from the headers that C and Python share.

Usage: build_cffi.py OUTPUT HEADER...   where each header is named native/<layer>/<file>.h
"""

import sys
from pathlib import Path

from cffi import FFI


def declarations(header: Path) -> str:
    """The header without its preprocessor lines: cffi reads declarations only."""
    return "\n".join(line for line in header.read_text().splitlines() if not line.startswith("#"))


def main(output: Path, headers: list[Path]) -> None:
    ffi = FFI()
    for header in headers:
        ffi.cdef(declarations(header))
    includes = "".join(f'#include "{header.parent.name}/{header.name}"\n' for header in headers)
    ffi.set_source("aeron_dpdk._native", includes, py_limited_api=True)
    ffi.emit_c_code(str(output))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
