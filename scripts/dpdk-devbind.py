#!/usr/bin/env python3
"""Takes the options of DPDK's dpdk-devbind.py; aeron-dpdk's setup saves addresses, and can undo its work."""

import sys

try:
    from aeron_dpdk.tools.devbind import main
except ImportError:
    sys.exit(
        "error: this Python has no aeron_dpdk: run this script with the Python that aeron-dpdk is "
        "installed in."
    )

main()
