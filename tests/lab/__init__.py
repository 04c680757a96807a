"""The lab: tests that need PCI devices, on a machine that QEMU emulates."""
