"""The extension module built from native/api/aeron_dpdk.h and native/load/load.h by cffi."""

from typing import Any

ffi: Any
lib: Any
