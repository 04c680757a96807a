"""The bed the system tests lie on: network namespaces, media drivers, Aeron clients and raw frames."""
