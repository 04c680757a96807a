/*
 * The seam between the two halves of aeronmd_dpdk: what C compiles and what Python sees (cffi reads this same file, so
 * it may contain only declarations, enums with plain values, and lines beginning with '#', which are skipped).
 *
 * Conventions. IPv4 addresses are uint32_t in host byte order, IPv6 addresses 16 bytes as on the wire. Functions return
 * 0 or more on success and -1 on failure, with a sentence in adk_error_text() and an errno value in adk_error_code().
 * Unless said otherwise a function belongs to the control thread: the thread that called adk_eal_init().
 */
#ifndef AERON_DPDK_H
#define AERON_DPDK_H

#include <stdint.h>
#include <stddef.h>

/* ---- the last error of the calling thread ---- */

const char *adk_error_text(void);
int adk_error_code(void);

/* ---- versions ---- */

const char *adk_aeron_version(void);
const char *adk_dpdk_version(void);

/* ---- EAL ---- */

int adk_eal_init(int argc, char **argv);
void adk_eal_cleanup(void);
int adk_eal_has_hugepages(void);
/* DPDK keeps the huge pages it has now, even when the memory in them is freed. */
void adk_eal_keep_pages(void);
/*
 * Makes a thread of this process give up its capabilities soon, by a signal: SIGRTMAX. It is no error if the thread has
 * already ended.
 */
int adk_give_up_capabilities(int thread_id);
/*
 * Sends the log lines of EAL and PMDs to fd, each prefixed with its priority as in sd-daemon(3); -1 returns them to
 * stderr.
 */
int adk_eal_log_to(int fd);
/*
 * On a crash (SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL) whatever is left in the pipe "from" is copied to "to"; -1 turns
 * this off.
 */
void adk_log_drain_on_crash(int from, int to);

/* ---- the port and the stack above it ---- */

typedef struct adk_stack_stct adk_stack_t;

/* Which channels the kernel carries, through Aeron's own UDP transport inside this driver. */
enum adk_kernel_sockets_en
{
    ADK_KERNEL_SOCKETS_NONE = 0,
    ADK_KERNEL_SOCKETS_LOOPBACK = 1,
    ADK_KERNEL_SOCKETS_ALL = 2        /* and those of every address that is not the port's */
};

typedef struct adk_settings_stct
{
    uint16_t port_id;
    uint16_t mtu;                     /* IPv4 MTU of the link; 0 keeps the device's own */
    uint16_t rx_queue_size;           /* descriptors; 0 means the default, adjusted to the device's limits */
    uint16_t tx_queue_size;
    uint32_t rx_mempool_cache_size;   /* UINT32_MAX means the default */
    uint32_t tx_mempool_cache_size;
    const char *rx_mempool_ops;       /* NULL means the default */
    const char *tx_mempool_ops;
    uint8_t tx_mempool_per_queue;     /* boolean */
    uint8_t prefix_length;            /* of local_ipv4; 0: unknown; all goes to the gateway, or is on-link */
    uint8_t threads_shared;           /* boolean: sender and receiver run on one thread */
    uint8_t trusts_tsc;               /* boolean: the kernel's own clock source is the TSC, so ours may be too */
    uint8_t kernel_sockets;           /* enum adk_kernel_sockets_en */
    uint8_t fragments;                /* boolean: datagrams above the link's MTU travel in fragments */
    uint16_t vlan_tci;                /* 802.1Q: priority << 13 | VLAN id, for every frame; 0 means no tag */
    uint8_t ipv6;                     /* boolean: the port has IPv6 too; its addresses are set by adk_local6_set() */
    uint32_t local_ipv4;
    uint32_t gateway_ipv4;            /* 0 means none */
    const char *name; /* the name that interface= finds it by, at most 15 bytes; NULL means dpdk and port_id */
    uint8_t sharers; /* number of interfaces opened later on the same port_id; set for the first of them */
    uint16_t sharers_vlan_tci[7]; /* of those interfaces */
} adk_settings_t;

typedef struct adk_port_info_stct
{
    char name[64]; /* the DPDK device name: a PCI address or the vdev's name */
    char driver[64]; /* the PMD's name */
    uint8_t mac[6];
    uint16_t mtu;
    uint16_t rx_queues;
    uint16_t tx_queues;
    uint16_t rx_queue_size;
    uint16_t tx_queue_size;
    int32_t socket_id;
    uint8_t rx_checksum_offload; /* boolean: the device verifies IPv4 and UDP checksums */
    uint8_t tx_ipv4_checksum_offload;
    uint8_t tx_udp_checksum_offload;
    uint8_t steered; /* boolean: the device steers the sender's frames to a separate queue */
    uint8_t rx_timestamps; /* boolean: the device reports when it received a frame; otherwise a burst has one time */
    uint8_t hashed; /* boolean: it hashes (RSS): publications use ports whose answers go to that queue */
    uint16_t vlan_tci; /* as in adk_settings_t */
    uint8_t rx_vlan_offload; /* boolean: the device removes and inserts tags */
    uint8_t tx_vlan_offload;
    uint16_t datagram_max; /* the longest UDP payload that can be sent and received, in fragments if those are on */
} adk_port_info_t;

typedef struct adk_link_stct
{
    uint8_t is_up;
    uint8_t is_full_duplex;
    uint32_t speed_mbps; /* 0 if the device does not know (ENA) */
} adk_link_t;

/*
 * An interface: configures and starts its port, and builds every table and ring. NULL on failure, with nothing left
 * behind. first: the driver's first interface, NULL when this is the first; a driver has at most eight. They are closed
 * in reverse order. Interfaces with the same port_id share the port, which the first of them opens: of the others'
 * settings for the port only vlan_tci and a lower mtu count, and only the first one in each VLAN may have IPv6.
 */
adk_stack_t *adk_stack_open(const adk_settings_t *settings, adk_stack_t *first);
void adk_stack_close(adk_stack_t *stack);

int adk_stack_port_info(adk_stack_t *stack, adk_port_info_t *info);
int adk_stack_link(adk_stack_t *stack, adk_link_t *link);

/* About once a second: the ENA PMD's watchdog is an rte_timer, which the application must run. */
void adk_stack_watch_device(adk_stack_t *stack);
/* The device asked for a reset (RTE_ETH_EVENT_INTR_RESET), or the operator did with adk_stack_request_reset(). */
int adk_stack_reset_requested(adk_stack_t *stack);
void adk_stack_request_reset(adk_stack_t *stack);
/* The kernel wants the device back and waits for the driver to end (vfio's request, on an orderly hot-unplug). */
int adk_stack_removal_requested(adk_stack_t *stack);
/* One step of a port restart: 1 while the data threads have yet to let go of the port, 0 when done, -1 on failure. */
int adk_stack_reset_step(adk_stack_t *stack);

/* ---- frames for the control plane ---- */

enum adk_control_kind_en
{
    ADK_CONTROL_FRAME = 1, /* a received frame that is not Aeron data: ARP, ICMP, IGMP, ICMPv6 */
    ADK_CONTROL_UNRESOLVED = 2, /* our own frame, complete except for the destination MAC, which is next_hop's */
    ADK_CONTROL_LEARN = 3, /* next_hop was unknown and hint_mac, from its last frame, was used instead */
    ADK_CONTROL_UNRESOLVED6 = 4, /* as ADK_CONTROL_UNRESOLVED, for next_hop6; ADK_CONTROL_LEARN6 likewise */
    ADK_CONTROL_LEARN6 = 5
};

typedef struct adk_control_event_stct
{
    uint32_t kind;
    uint32_t next_hop;
    uint8_t next_hop6[16];
    uint8_t hint_mac[6];
    uint16_t length;
    const uint8_t *data; /* a whole Ethernet frame; valid until the next adk_control_receive() */
} adk_control_event_t;

/* 1 with an event, 0 when there is none. Never blocks. */
int adk_control_receive(adk_stack_t *stack, adk_control_event_t *event);
/* 1 when the frame was taken, 0 when the queue is full (counted). An Ethernet frame without FCS. */
int adk_control_transmit(adk_stack_t *stack, const uint8_t *frame, uint16_t length);

/* ---- neighbours: written here, read by the data path ---- */

int adk_neighbour_set(adk_stack_t *stack, uint32_t ipv4, const uint8_t *mac);
/* Makes the neighbour unresolved again; the data path will ask again. Unknown addresses are ignored. */
void adk_neighbour_forget(adk_stack_t *stack, uint32_t ipv4);
/* 1 when the data path has sent to ipv4 since the last call, else 0. */
int adk_neighbour_was_used(adk_stack_t *stack, uint32_t ipv4);

/* Starts recording whether ipv4 is heard from its MAC, by ARP or data, and whether another MAC is named for it. */
void adk_neighbour_watch(adk_stack_t *stack, uint32_t ipv4);
/* 1 when a frame has come from its MAC since then, else 0. */
int adk_neighbour_was_heard(adk_stack_t *stack, uint32_t ipv4);
/*
 * 1 when a true answer may have been lost since then: too many packets named another MAC, or frames were lost unseen.
 */
int adk_neighbour_is_disputed(adk_stack_t *stack, uint32_t ipv4);
/*
 * How many polls of the receiver's thread found the port empty: while this number stands still, no neighbour can be
 * heard.
 */
uint64_t adk_stack_looks(const adk_stack_t *stack);

/* ---- IPv6: only if adk_settings_t.ipv6 is set; otherwise every call fails, or has no effect ---- */

enum adk_local6_state_en
{
    ADK_LOCAL6_TENTATIVE =
        1, /* duplicate address detection is under way: only ICMPv6 is heard, nobody may bind to it */
    ADK_LOCAL6_USABLE = 2
};

/*
 * Adds an address of ours, or changes its state or prefix; at most 8. The device lets its solicited-node group and the
 * all-nodes group through from now on. Destinations on the prefix are on the link, as all of fe80::/10 are. Fails if
 * the device receives no multicast.
 */
int adk_local6_set(adk_stack_t *stack, const uint8_t *ipv6, uint8_t prefix_length, int state);
/* From now on nothing is sent from it or received at it. Unknown addresses are ignored. */
void adk_local6_remove(adk_stack_t *stack, const uint8_t *ipv6);
/* The next hop for destinations off the link; NULL means none. At any time: takes effect with the next send. */
void adk_gateway6_set(adk_stack_t *stack, const uint8_t *ipv6);

/* As for IPv4. A neighbour is disputed by advertisements of its address with another MAC. */
int adk_neighbour6_set(adk_stack_t *stack, const uint8_t *ipv6, const uint8_t *mac);
void adk_neighbour6_forget(adk_stack_t *stack, const uint8_t *ipv6);
int adk_neighbour6_was_used(adk_stack_t *stack, const uint8_t *ipv6);
void adk_neighbour6_watch(adk_stack_t *stack, const uint8_t *ipv6);
int adk_neighbour6_was_heard(adk_stack_t *stack, const uint8_t *ipv6);
int adk_neighbour6_is_disputed(adk_stack_t *stack, const uint8_t *ipv6);

/* ---- multicast groups that channels on the port have joined ---- */

/* A number that changes whenever the answer of one of the next two functions may change. */
uint32_t adk_groups_moved(adk_stack_t *stack);
/* At most 256 addresses, possibly repeated; returns their number. */
int adk_groups_heard(adk_stack_t *stack, uint32_t *ipv4, int size);
/* The IPv6 groups, one after the other: room for 16 * size bytes. */
int adk_groups6_heard(adk_stack_t *stack, uint8_t *ipv6, int size);

/* ---- directions of a frame ---- */

enum adk_direction_en
{
    ADK_DIRECTION_IN = 0,
    ADK_DIRECTION_OUT = 1,
    ADK_DIRECTION_LOOPBACK = 2 /* to our own address: never reaches the NIC */
};

/* ---- counts: each reason for a drop has its own ---- */

enum adk_count_en
{
    /* kept by the data path */
    ADK_COUNT_RX_PACKETS,
    ADK_COUNT_RX_BYTES,
    ADK_COUNT_TX_PACKETS,
    ADK_COUNT_TX_BYTES,
    ADK_COUNT_LOOPBACK_PACKETS,
    ADK_COUNT_RX_REASSEMBLED,
    ADK_COUNT_TX_FRAGMENTED,
    ADK_COUNT_RX_HANDED_OVER,
    ADK_COUNT_RX_TRUNCATED,
    ADK_COUNT_RX_NOT_OUR_VLAN,
    ADK_COUNT_RX_NOT_OUR_MAC,
    ADK_COUNT_RX_ETHERTYPE,
    ADK_COUNT_RX_IPV4_HEADER,
    ADK_COUNT_RX_IPV4_CHECKSUM,
    ADK_COUNT_RX_IPV6_HEADER,
    ADK_COUNT_RX_FRAGMENT,
    ADK_COUNT_RX_NOT_OUR_ADDRESS,
    ADK_COUNT_RX_NOT_OUR_GROUP,
    ADK_COUNT_RX_MARTIAN_SOURCE,
    ADK_COUNT_RX_PROTOCOL,
    ADK_COUNT_RX_UDP_HEADER,
    ADK_COUNT_RX_UDP_CHECKSUM,
    ADK_COUNT_RX_NO_ENDPOINT,
    ADK_COUNT_RX_SENDER_DISCARD,
    ADK_COUNT_HANDOFF_FULL,
    ADK_COUNT_LOOPBACK_FULL,
    ADK_COUNT_CONTROL_FULL,
    ADK_COUNT_ARP_DISPUTED,
    ADK_COUNT_NDP_DISPUTED,
    ADK_COUNT_TX_NOBUFS,
    ADK_COUNT_TX_EAGAIN,
    ADK_COUNT_TX_UNRESOLVED,
    ADK_COUNT_TX_TOO_LONG,
    ADK_COUNT_TX_UNREACHABLE,
    ADK_COUNT_TX_PREPARE,
    ADK_COUNT_TX_RESET,
    /* kept by the control plane */
    ADK_COUNT_CONTROL_TX_FULL,
    ADK_COUNT_CONTROL_MALFORMED,
    ADK_COUNT_CONTROL_RATE_LIMITED,
    ADK_COUNT_CONTROL_ERRORS,
    ADK_COUNT_ARP_REQUESTS_SENT,
    ADK_COUNT_ARP_REPLIES_SENT,
    ADK_COUNT_ARP_IGNORED,
    ADK_COUNT_ARP_FAILED,
    ADK_COUNT_ARP_CONFLICT,
    ADK_COUNT_PARKED_DROPPED,
    ADK_COUNT_ICMP_ECHO_REPLIES,
    ADK_COUNT_ICMP_UNREACHABLE,
    ADK_COUNT_ICMP_FRAGMENTATION_NEEDED,
    ADK_COUNT_ICMP_IGNORED,
    ADK_COUNT_IGMP_QUERIES,
    ADK_COUNT_IGMP_REPORTS_SENT,
    ADK_COUNT_IGMP_IGNORED,
    ADK_COUNT_NDP_SOLICITATIONS_SENT,
    ADK_COUNT_NDP_ADVERTISEMENTS_SENT,
    ADK_COUNT_NDP_IGNORED,
    ADK_COUNT_NDP_FAILED,
    ADK_COUNT_NDP_CONFLICT,
    ADK_COUNT_NDP_ROUTER_SOLICITATIONS_SENT,
    ADK_COUNT_NDP_ROUTER_ADVERTISEMENTS,
    ADK_COUNT_ICMPV6_ECHO_REPLIES,
    ADK_COUNT_ICMPV6_UNREACHABLE,
    ADK_COUNT_ICMPV6_PACKET_TOO_BIG,
    ADK_COUNT_ICMPV6_IGNORED,
    ADK_COUNT_MLD_QUERIES,
    ADK_COUNT_MLD_REPORTS_SENT,
    ADK_COUNT_MLD_IGNORED,
    ADK_COUNT_RX_KERNEL_DROPPED,
    ADK_COUNT_LINK_CHANGES,
    ADK_COUNT_PORT_RESETS,
    ADK_COUNT_SIZE
};

/* "rx-truncated" and so on; NULL when out of range. */
const char *adk_count_name(int count);
/* Sum over all threads. */
uint64_t adk_count_value(const adk_stack_t *stack, int count);
/* The control plane's own array of ADK_COUNT_SIZE counts. */
uint64_t *adk_control_counts(adk_stack_t *stack);

/* ---- the Aeron media driver on top ---- */

typedef struct adk_driver_stct adk_driver_t;

enum adk_driver_state_en
{
    ADK_DRIVER_RUNNING = 0,
    ADK_DRIVER_TERMINATED = 1 /* an Aeron client asked the driver to stop and the validator agreed */
};

/*
 * Creates a context from the AERON_* environment and our bindings, and calls aeron_driver_init(). stack NULL gives a
 * stock driver over kernel sockets, else it is the first interface. interface= finds each interface by the name dpdk0,
 * with the number of its DPDK port. All of Aeron's files are created here.
 */
adk_driver_t *adk_driver_open(adk_stack_t *stack);
/* Starts Aeron's agents; in INVOKER mode, also a thread of ours that runs them unless is_manual. */
int adk_driver_start(adk_driver_t *driver, int is_manual);
/* INVOKER with is_manual only: one duty cycle; returns the work done or -1. */
int adk_driver_do_work(adk_driver_t *driver);
int adk_driver_state(adk_driver_t *driver);
const char *adk_driver_aeron_dir(adk_driver_t *driver);
/* "DEDICATED" and so on. */
const char *adk_driver_threading_mode(adk_driver_t *driver);
/* Writes the counts into Aeron's counters file. */
void adk_driver_publish_counts(adk_driver_t *driver);
/* Aeron's own aeron_driver_t, for measurements that call its parts individually. */
void *adk_driver_aeron(adk_driver_t *driver);
int adk_driver_close(adk_driver_t *driver);

/*
 * ---- waiting: times are CLOCK_MONOTONIC. Meanwhile driver's counts are published ten times a second; NULL: there are
 * none. stack: the first interface, on behalf of all ----
 */

/* Waits until until_ns, or a signal. */
void adk_control_pause(adk_stack_t *stack, adk_driver_t *driver, int64_t until_ns);
/*
 * Waits until until_ns, a signal, the end of the driver, a link state that differs from what adk_stack_link() last
 * said, or until one of at most four descriptors is readable: then returns 1, else 0. Interfaces whose port is not held
 * for a restart also end the wait by a request for a restart, a frame for adk_control_receive(), or groups that differ
 * from what adk_groups_moved() last said.
 */
int adk_control_sleep(
    adk_stack_t *stack, adk_driver_t *driver, int64_t until_ns, const int *descriptors, int descriptors_length);

#endif
