"""The options of DPDK's EAL, 22.11 and 24.11 (lib/eal/common/eal_common_options.c), and which take a value.

We must know them to tell an option's value from a property file if no -- separates the two. -v, -h and --help
are missing on purpose: they are ours.
"""

from enum import Enum, auto


class Takes(Enum):
    NOTHING = auto()
    VALUE = auto()
    VALUE_WITH_EQUALS_SIGN = auto()  # getopt's optional_argument: --name=value or nothing


SHORT_OPTIONS = frozenset("abcdlmnrsS")  # each takes a value

LONG_OPTIONS = {
    "allow": Takes.VALUE,
    "base-virtaddr": Takes.VALUE,
    "block": Takes.VALUE,
    "create-uio-dev": Takes.NOTHING,
    "file-prefix": Takes.VALUE,
    "force-max-simd-bitwidth": Takes.VALUE,
    "huge-dir": Takes.VALUE,
    "huge-unlink": Takes.VALUE_WITH_EQUALS_SIGN,
    "huge-worker-stack": Takes.VALUE_WITH_EQUALS_SIGN,
    "in-memory": Takes.NOTHING,
    "iova-mode": Takes.VALUE,
    "lcores": Takes.VALUE,
    "legacy-mem": Takes.NOTHING,
    "log-color": Takes.VALUE_WITH_EQUALS_SIGN,  # 24.11
    "log-level": Takes.VALUE,
    "log-timestamp": Takes.VALUE_WITH_EQUALS_SIGN,  # 24.11
    "main-lcore": Takes.VALUE,
    "match-allocations": Takes.NOTHING,
    "mbuf-pool-ops-name": Takes.VALUE,
    "no-hpet": Takes.NOTHING,
    "no-huge": Takes.NOTHING,
    "no-pci": Takes.NOTHING,
    "no-shconf": Takes.NOTHING,
    "no-telemetry": Takes.NOTHING,
    "proc-type": Takes.VALUE,
    "single-file-segments": Takes.NOTHING,
    "socket-limit": Takes.VALUE,
    "socket-mem": Takes.VALUE,
    "syslog": Takes.VALUE_WITH_EQUALS_SIGN,  # 22.11 wants a value and takes it this way as well
    "telemetry": Takes.NOTHING,
    "trace": Takes.VALUE,
    "trace-bufsz": Takes.VALUE,
    "trace-dir": Takes.VALUE,
    "trace-mode": Takes.VALUE,
    "vdev": Takes.VALUE,
    "vfio-intr": Takes.VALUE,
    "vfio-vf-token": Takes.VALUE,
    "vmware-tsc-map": Takes.NOTHING,
}
