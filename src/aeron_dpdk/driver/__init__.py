"""The aeronmd_dpdk process: command line, settings, start-up, privileges, affinity; and embedding it."""
