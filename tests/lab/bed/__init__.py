"""The lab's bed: QEMU guests with emulated NICs that see this machine's files, and what runs inside."""
