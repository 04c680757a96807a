"""An Amazon EC2 instance: what its metadata say, and which of its interfaces DPDK may have."""
