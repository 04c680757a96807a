"""An Aeron media driver that moves UDP traffic over DPDK."""
