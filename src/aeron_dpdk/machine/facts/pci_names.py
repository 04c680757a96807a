"""Names of PCI devices from the pci.ids file that pciutils and hwdata install; its own head gives the
format."""

from collections.abc import Mapping

from aeron_dpdk.machine.tree import Tree

PLACES = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")


def read_names(tree: Tree, wanted: frozenset[tuple[int, int]]) -> Mapping[tuple[int, int], str]:
    """By vendor and device id; where the file has no name, or there is no file, the two ids in
    hexadecimal."""
    names = {ids: f"Device {ids[0]:04x}:{ids[1]:04x}" for ids in wanted}
    place = next((place for place in PLACES if tree.exists(place)), None)
    if place is None:
        return names
    vendor = -1
    for line in tree.lines(place):
        if not line or line.startswith(("#", "\t\t")):
            continue
        if line.startswith("C "):
            break  # device classes follow, which are no vendors
        number, _, name = line.strip().partition("  ")
        if not line.startswith("\t"):
            vendor = int(number, 16)
        elif (ids := (vendor, int(number, 16))) in names:
            names[ids] = name
    return names
