"""Packets that are not Aeron data, as frozen values with `parse` and `emit`."""
