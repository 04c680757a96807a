"""A model of Intel's 82599 (ixgbe) that Linux's own driver accepts.

Register addresses, bits and formats are those of the 82599 datasheet, as Linux names them in
drivers/net/ethernet/intel/ixgbe/ixgbe_type.h and DPDK in drivers/net/ixgbe/base/ixgbe_type.h.
"""
