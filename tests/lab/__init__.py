"""The lab: what only a machine with PCI devices can show, on one that QEMU emulates."""
