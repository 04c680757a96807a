"""A model of Amazon's Elastic Network Adapter, as an instance sees it.

Written from the public definitions: Linux drivers/net/ethernet/amazon/ena (`ena_regs_defs.h`,
`ena_admin_defs.h`, `ena_eth_io_defs.h`), and amzn/amzn-drivers. It is validated with Debian's unmodified
ena.ko.
"""
