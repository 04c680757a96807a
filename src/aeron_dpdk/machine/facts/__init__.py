"""What a host is: frozen values, read from a tree and from netlink. Nothing here writes.

`machine` has them all at once (`Facts`): `kernel`, `cpus`, `memory`, `nics`, `interface`, `session` (who runs
us, within which limits), `files` (what is configured and left behind) and `saved_nic` (what setup took from
the kernel). Beside it: `network` and `ethtool` read interfaces, `accounts` users and groups, `port_device`
what a running port stands on.
"""
