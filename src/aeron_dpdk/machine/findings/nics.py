"""The NICs: who uses each, what depends on it, and whether DPDK can have it; and write-combining, which
Amazon's ENA needs for its low-latency queues (DPDK: doc/guides/nics/ena.rst)."""

from collections.abc import Iterator

from aeron_dpdk.machine.facts.interface import MAIN_TABLE, KernelInterface, Route
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import BRIDGE_CLASS, PAT_LIST, Nic, pmd_of, types_within
from aeron_dpdk.machine.facts.saved_nic import SavedAddress
from aeron_dpdk.machine.findings.finding import Check, Finding
from aeron_dpdk.machine.intent import Intent

BOUND = Check(
    "nic.bound", "aeronmd_dpdk runs on a NIC that the kernel has let go, or on one that works beside it"
)
INTERFACES = Check(
    "nic.interfaces", "each interface of aeronmd_dpdk takes a DPDK port of its own, and a NIC has one"
)
DRIVER = Check(
    "nic.driver", "the driver decides who runs the NIC: a kernel driver, or DPDK through vfio or uio"
)
CARRIES = Check(
    "nic.carries", "a NIC bound to DPDK is lost to the kernel: whatever used it, your login too, is cut off"
)
GROUP = Check(
    "nic.group",
    "vfio gives away IOMMU groups whole: every device of the group must be bound to vfio-pci, or to nothing",
)
NUMA = Check(
    "nic.numa", "threads on another NUMA node than the NIC pay for each packet's trip between sockets"
)
LINK = Check("nic.link", "without a link nothing is sent or received")
ADDRESS = Check(
    "nic.address",
    "aeronmd_dpdk must know its address, which setup takes from the kernel before the NIC leaves",
)


def find_bound(facts: Facts, intent: Intent) -> Iterator[Finding]:
    ours = [nic.address for nic in facts.nics if nic.is_for_dpdk or nic.is_bifurcated]
    free = [nic for nic in facts.nics if is_free(facts, nic)]
    if ours:
        yield BOUND.passed(f"{', '.join(ours)} can be used by DPDK")
    elif not facts.nics:
        yield BOUND.note(
            "there is no network device on the PCI bus here",
            "on Hyper-V and Azure use the netvsc or mana PMD; without a NIC, "
            "--vdev=net_af_packet0,iface=NAME",
        )
    elif free:
        choice = ", ".join(f"{nic.address} ({' '.join(nic.interfaces) or 'no interface'})" for nic in free)
        remedy = f"sudo aeron-dpdk setup --nic {free[0].address}"
        yield BOUND.fail(f"no NIC is bound to a DPDK driver; free to take: {choice}", remedy, fixable=True)
    else:
        yield BOUND.fail(
            "no NIC is bound to a DPDK driver, and each is in use by the system or unknown to DPDK",
            "add a NIC (on AWS: a second network interface); a used one only with setup --nic X --force X",
        )


def find_interfaces(facts: Facts, intent: Intent) -> Iterator[Finding]:
    """No finding for a driver with one interface, which nic.bound covers. Virtual devices (--vdev) are not
    counted."""
    ours = [
        nic.address for nic in facts.nics if nic.is_for_dpdk or (nic.is_bifurcated and is_free(facts, nic))
    ]
    if intent.interfaces < 2:
        return
    seen = f"{intent.interfaces} interfaces are set, and DPDK can use {len(ours)} NICs"
    if len(ours) >= intent.interfaces:
        yield INTERFACES.passed(f"{seen}: {', '.join(ours)}")
    else:
        yield INTERFACES.warn(seen, "sudo aeron-dpdk setup --nic NIC for each that is missing", fixable=True)


def find_driver(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        check = DRIVER.of(nic.address)
        name = ", ".join(_identity(nic))
        if nic.is_for_dpdk:
            yield check.passed(f"{name}: {nic.driver}")
        elif nic.is_bifurcated:
            yield check.passed(f"{name}: {nic.driver}, beside which DPDK works; it needs no binding")
        elif nic.driver is None:
            yield check.note(f"{name}: no driver", f"sudo aeron-dpdk setup --nic {nic.address}", fixable=True)
        else:
            yield check.passed(f"{name}: the kernel's {nic.driver}")


def _identity(nic: Nic) -> Iterator[str]:
    yield nic.name
    yield from nic.interfaces
    if nic.numa_node is not None:
        yield f"NUMA node {nic.numa_node}"
    if nic.iommu_group is not None:
        yield f"IOMMU group {nic.iommu_group}"


def find_carries(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        reason = why_not(facts, nic)
        if reason and not nic.is_for_dpdk:
            yield CARRIES.of(nic.address).note(f"{reason}: setup leaves it alone unless forced by name")


def why_not(facts: Facts, nic: Nic) -> str | None:
    """What the system would lose with this NIC; None if we see nothing."""
    if nic.driver is not None and not nic.is_for_dpdk and not nic.interfaces:
        return f"{nic.driver} has it without an interface here: a container may use it, or RDMA"
    for interface in facts.interfaces_of(nic):
        reason = _load(facts, interface)
        if reason is not None:
            return f"{interface.name} {reason}"
        loads = {upper.name: _load(facts, upper) for upper in facts.above(interface)}
        vlans = {each.name for each in interface.vlans}
        for name, reason in sorted(loads.items(), key=lambda item: item[1] is None):
            if reason is None and name in vlans:
                continue  # it comes back together with the NIC
            return f"{interface.name} is below {name}" + (f", which {reason}" if reason else "")
    return None


def _load(facts: Facts, interface: KernelInterface) -> str | None:
    """What an interface is used for, as its routes and addresses show."""
    lasting = {str(address.interface.ip) for address in interface.addresses}
    own = {*lasting, *interface.link_local, *(f"{each}%{interface.name}" for each in interface.link_local)}
    if set(interface.routes) & _default_routes(facts):
        return "carries the default route"
    if sessions := sorted(own & facts.session.ssh_addresses):
        return f"carries an SSH session ({', '.join(sessions)})"
    if used := sorted(own & facts.session.used_addresses):
        return f"has an address with open connections ({', '.join(used)})"
    if bound := [f"{each}:{port}" for each in own for port in facts.session.udp_sockets.get(each, ())]:
        return f"has UDP sockets bound to its address ({', '.join(sorted(bound)[:3])}), as a media driver's"
    return None


def is_free(facts: Facts, nic: Nic) -> bool:
    """Whether DPDK can take it without harm: it has a PMD, and nothing uses it."""
    return not nic.is_for_dpdk and pmd_of(nic, None) is not None and why_not(facts, nic) is None


def _default_routes(facts: Facts) -> frozenset[Route]:
    """Those in force: for each address family, the one with the lowest metric in the main table."""
    found = [
        route
        for interface in facts.network.values()
        for route in interface.routes
        if route.is_default and route.table == MAIN_TABLE
    ]
    best = {
        family: min(route.metric or 0 for route in found if route.destination == family)
        for family in {route.destination for route in found}
    }
    return frozenset(route for route in found if (route.metric or 0) == best[route.destination])


def find_group(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        if nic.iommu_group is None or nic.is_bifurcated:
            continue
        check = GROUP.of(nic.address)
        others = sharers(nic)
        if not others:
            if nic.is_for_dpdk:
                yield check.passed(f"alone in IOMMU group {nic.iommu_group}")
            continue
        seen = f"IOMMU group {nic.iommu_group} also has {', '.join(others)}"
        remedy = "bind these to vfio-pci as well, or use a slot or a NIC with a group of its own (ACS)"
        if nic.driver == "vfio-pci":
            yield check.fail(seen, remedy)
        elif not any(each.is_for_dpdk for each in facts.nics):
            yield check.note(seen, remedy)


def sharers(nic: Nic) -> tuple[str, ...]:
    """The other members of its IOMMU group that are bound to a driver other than vfio's, except bridges,
    which vfio tolerates."""
    return tuple(
        f"{peer.address} ({peer.driver})"
        for peer in nic.peers
        if peer.pci_class >> 16 != BRIDGE_CLASS and peer.driver not in (None, "vfio-pci")
    )


def find_numa(facts: Facts, intent: Intent) -> Iterator[Finding]:
    if len(set(facts.cpus.nodes.values())) < 2:
        return
    for nic in facts.nics:
        if nic.numa_node is None or not nic.is_for_dpdk or not intent.affinity:
            continue
        far = {
            name: cpu
            for name, cpu in intent.affinity.items()
            if facts.cpus.nodes.get(cpu, nic.numa_node) != nic.numa_node
        }
        check = NUMA.of(nic.address)
        if far:
            shown = ", ".join(f"{name}={cpu}" for name, cpu in far.items())
            near = sorted(cpu for cpu, node in facts.cpus.nodes.items() if node == nic.numa_node)
            yield check.warn(
                f"the NIC is on node {nic.numa_node}, but {shown} is not",
                f"choose among CPUs {', '.join(map(str, near))}",
            )
        else:
            yield check.passed(f"threads and NIC are on node {nic.numa_node}")


def find_link(facts: Facts, intent: Intent) -> Iterator[Finding]:
    """No finding for an interface that is down: it does not know its link."""
    for nic in facts.nics:
        for interface in facts.interfaces_of(nic):
            check = LINK.of(nic.address)
            if interface.has_carrier:
                yield check.passed(f"{interface.name} has a link")
            elif interface.is_up:
                yield check.note(
                    f"{interface.name} is up but has no link", "check the cable and the switch port"
                )


def find_address(facts: Facts, intent: Intent) -> Iterator[Finding]:
    """DPDK numbers its NICs in the order of the bus, and the driver's interfaces take them in this order."""
    ours = [nic.address for nic in facts.nics if nic.is_for_dpdk]
    for nic in facts.nics:
        saved = facts.saved_of(nic)
        check = ADDRESS.of(nic.address)
        if not nic.is_for_dpdk:
            yield from _kernel_addresses(facts, nic, check)
        elif saved is not None and saved.addresses:
            yield check.passed(f"saved by setup: {'; '.join(map(_saved_address, saved.addresses))}")
        else:
            number = f"{ours.index(nic.address)}_".removeprefix("0_")
            yield check.note("none was saved", f"set AERON_DPDK_{number}LOCAL_IPV4_ADDRESS=ADDRESS/PREFIX")


def _saved_address(saved: SavedAddress) -> str:
    gateway = f", gateway {saved.gateway}" if saved.gateway else ", no gateway"
    ipv6 = "".join(f", {each}" for each in saved.ipv6)
    ipv6 += f", gateway {saved.gateway6}" if saved.gateway6 else ""
    vlan = f", VLAN {saved.own.vlan}" if saved.own.vlan else ""
    return f"{saved.ipv4}{gateway}{ipv6}{vlan}, MTU {saved.own.mtu}"


def _kernel_addresses(facts: Facts, nic: Nic, check: Check) -> Iterator[Finding]:
    own = facts.interfaces_of(nic)
    for interface in (*own, *(vlan for each in own for vlan in each.vlans)):
        if interface.addresses:
            yield check.passed(f"{interface.name} has {', '.join(each.cidr for each in interface.addresses)}")


WRITE_COMBINING = Check(
    "ena.write-combining",
    "ENA's low-latency queues write packets into device memory; uncached, that is several times slower, "
    "and from the "
    "6th generation of instances the loss is large",
)
ACTIVE = Check(
    "ena.write-combining-active",
    "set-up scripts are known to claim write-combining where the kernel maps the device uncached: this "
    "reads the mapping itself",
)


def find_write_combining(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        check = WRITE_COMBINING.of(nic.address)
        if not nic.is_ena:
            continue
        if nic.driver == "igb_uio":
            yield check.note("igb_uio: has it when loaded with wc_activate=1")
        elif nic.driver == "uio_pci_generic":
            yield check.warn(
                "uio_pci_generic has none",
                "use vfio-pci with the write-combining patch, or igb_uio with wc_activate=1 (amzn-drivers)",
            )
        elif nic.driver == "vfio-pci":
            yield check.note(
                "vfio-pci: mainline kernels have none, those with the amzn-drivers patch do",
                "see ena.write-combining-active while aeronmd_dpdk runs",
            )


def find_active(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        if nic.is_ena and nic.is_for_dpdk:
            yield _active(facts, nic)


def _active(facts: Facts, nic: Nic) -> Finding:
    check = ACTIVE.of(nic.address)
    if facts.mappings is None:
        return check.note(f"{PAT_LIST} cannot be read", "run doctor as root, with debugfs mounted")
    found = types_within(nic.bars, facts.mappings)
    if not found:
        return check.note("nobody has the device mapped", "run doctor again while aeronmd_dpdk runs")
    if "write-combining" in found:
        return check.passed("the device memory is mapped write-combining")
    return check.fail(
        f"the device memory is mapped {', '.join(sorted(found))}",
        "load a vfio-pci with the amzn-drivers write-combining patch, or igb_uio with wc_activate=1; bind "
        "again",
    )
