"""Names of PCI devices from the pci.ids file that pciutils and hwdata install; its own head gives the
format."""

import re
from collections.abc import Mapping

from aeron_dpdk.machine.tree import Tree

_NOT_INDENTED = re.compile(r"\n[^\t#\n]")
PLACES = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")


def read_names(tree: Tree, wanted: frozenset[tuple[int, int]]) -> Mapping[tuple[int, int], str]:
    """By vendor and device id; where the file has no name, or there is no file, the two ids in
    hexadecimal."""
    place = next((place for place in PLACES if tree.exists(place)), None)
    text = "" if place is None else f"\n{tree.text(place)}\n"
    return {
        (vendor, device): _name_in(_devices_of(text, vendor), device) or f"Device {vendor:04x}:{device:04x}"
        for vendor, device in wanted
    }


def _devices_of(text: str, vendor: int) -> str:
    """The lines below a vendor's own, up to the next one that is not indented."""
    start = text.find(f"\n{vendor:04x}  ")
    if start < 0:
        return ""
    own_end = text.index("\n", start + 1)
    end = _NOT_INDENTED.search(text, own_end)
    return text[own_end : end.start() + 1 if end else len(text)]


def _name_in(devices: str, device: int) -> str | None:
    found = re.search(rf"\n\t{device:04x}  (.*)", devices)
    return found[1] if found else None
