"""Measuring Aeron between two hosts: `aeron-dpdk ping` on one, `aeron-dpdk pong` on the other."""
