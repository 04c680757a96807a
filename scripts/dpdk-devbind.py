#!/usr/bin/env python3
"""DPDK's dpdk-devbind.py by its usual options, over aeron-dpdk's set-up: saves addresses, can be undone."""

import sys

try:
    from aeron_dpdk.tools.devbind import main
except ImportError:
    sys.exit(
        "error: this Python has no aeron_dpdk: run this script with the Python that aeron-dpdk is "
        "installed in."
    )

main()
