"""The control plane: ARP, ICMP, neighbours, link state and counts, in one loop beside the data path."""
