"""What a host is: frozen values, read from a tree and from netlink. Nothing here writes."""
