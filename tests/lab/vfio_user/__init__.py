"""A PCI device of our own in a QEMU guest: the device end of the vfio-user protocol, independent of any
particular device.

The protocol is QEMU's page "vfio-user Protocol Specification" (docs/interop/vfio-user.rst).
`device.Device` is what a model implements; `server.serve` puts it behind a socket.
"""
