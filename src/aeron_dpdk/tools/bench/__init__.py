"""`aeron-dpdk bench`, part by part."""

from aeron_dpdk.tools.bench.command import bench

__all__ = ["bench"]
