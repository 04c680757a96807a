/* One NIC: its queues, mempools and offloads. The only folder that configures DPDK devices. */
#ifndef ADK_PORT_PORT_H
#define ADK_PORT_PORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "api/aeron_dpdk.h"
#include "port/quirks.h"
#include "port/rx_clock.h"
#include "port/wakeup.h"

/* Queue 0 is the receiver's; the sender gets one more if the device can steer, or hashes with a key that we know. */
#define ADK_SENDER_RX_QUEUE (1)
#define ADK_PORT_RX_QUEUES_MAX (2)
/* Sender, receiver, control plane. */
#define ADK_PORT_TX_QUEUES_MAX (3)
/* Intel vector receive paths return nothing for short bursts (ixgbe guide: at least 32). */
#define ADK_RX_BURST_LENGTH (32)

/* A frame that comes while its thread is held up waits in a descriptor, or is lost. */
#define ADK_PORT_DEFAULT_RX_QUEUE_SIZE (1024)
/* So few that their mbufs stay in the CPU's cache (decision 30). */
#define ADK_PORT_DEFAULT_TX_QUEUE_SIZE (256)
#define ADK_PORT_DEFAULT_MEMPOOL_CACHE_SIZE (256)

/* Some PMDs write the FCS or a VLAN tag in addition to a frame of the MTU's size. */
#define ADK_PORT_LINK_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * (int)RTE_VLAN_HLEN)
#define ADK_PORT_DATA_ROOM_ALIGN (64u)
/* An mbuf holds the length of its data room in 16 bits, and every frame we send is in one mbuf. */
#define ADK_PORT_MTU_MAX                                                                                    \
    (RTE_ALIGN_FLOOR(UINT16_MAX - RTE_PKTMBUF_HEADROOM, ADK_PORT_DATA_ROOM_ALIGN) - ADK_PORT_LINK_OVERHEAD)

/*
 * NONE is as good as GOOD: "the checksum is not correct in the packet data, but the integrity ... is verified"
 * (rte_mbuf_core.h), which virtio reports for frames from its own host. NONE sets both bits, that of GOOD and that of
 * BAD.
 */
static_assert(0 != (RTE_MBUF_F_RX_IP_CKSUM_NONE & RTE_MBUF_F_RX_IP_CKSUM_GOOD), "NONE vouches");
static_assert(0 != (RTE_MBUF_F_RX_L4_CKSUM_NONE & RTE_MBUF_F_RX_L4_CKSUM_GOOD), "NONE vouches");

/*
 * Checksums that the device does not vouch for are verified here: some devices report UNKNOWN for bad ones, some BAD
 * for good ones.
 */
#define ADK_RX_CHECKSUMS_GOOD (RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD)

/* What an mbuf carries in addition to its bytes, in the pool's private area. */
typedef struct adk_note_stct
{
    uint32_t kind;                    /* enum adk_control_kind_en, on the way to the control plane */
    uint32_t next_hop;
    uint8_t next_hop6[16];
    uint8_t hint_mac[6];
    uint16_t payload_offset; /* on the way to the other thread: the frame was already parsed; 0: a fragment */
    uint16_t payload_length;
    uint16_t reserved;
    uint32_t padding;
} adk_note_t;

static_assert(40 == sizeof(adk_note_t), "a multiple of RTE_MBUF_PRIV_ALIGN");
static_assert(0 == sizeof(adk_note_t) % RTE_MBUF_PRIV_ALIGN, "rte_pktmbuf_pool_create() wants it");

/* The maximum number of extended statistics of the queues that are summed up. */
#define ADK_PORT_XSTATS_MAX (16)

typedef struct adk_port_xstats_stct
{
    uint64_t ids[ADK_PORT_XSTATS_MAX];
    uint32_t length;
} adk_port_xstats_t;

typedef struct adk_steering_stct adk_steering_t;
typedef struct adk_rss_stct adk_rss_t;
typedef struct adk_multicast_stct adk_multicast_t;

typedef struct adk_port_stct adk_port_t;

struct adk_port_stct
{
    /* read by the data path for every burst, written only while it is held off */
    uint16_t id;
    uint16_t mtu;
    bool tx_ipv4_checksum;
    bool tx_udp_checksum;
    bool tx_udp_checksum6;            /* of IPv6 */
    bool needs_tx_prepare;
    bool rx_vlan_strip;
    bool tx_vlan_insert;
    bool touches_frames;              /* on their way out: with rte_eth_tx_prepare(), or with a tag */
    uint16_t vlan_tci;                /* the tag of every frame; 0: none. See port/vlan.h */
    _Atomic bool is_held; /* the data path must not touch the port: a restart is under way */
    uint64_t tx_mbuf_flags; /* ol_flags of every frame we send */
    uint8_t mac[RTE_ETHER_ADDR_LEN];
    adk_rx_clock_t rx_clock;          /* read by the data path for the frames of channels that want time stamps */

    /* set-up and control plane only */
    adk_port_t *device;     /* of the interface that opened it: itself, except for guests. See port/share.h */
    adk_port_t *next_guest; /* of the same device */
    _Atomic bool is_reset_requested;
    _Atomic bool is_removal_requested; /* the kernel wants the device back, and cannot take it from us */
    bool is_started;
    bool is_callback_registered;
    bool has_place_on_pci;
    bool was_link_down;               /* when it was last checked */
    bool rx_checksum;
    uint16_t rx_queues;
    uint16_t tx_queues;
    uint16_t rx_queue_size;
    uint16_t tx_queue_size;
    const adk_quirks_t *quirks;
    adk_steering_t *steering; /* NULL: no rules by UDP port; see port/steering.h */
    adk_rss_t *rss; /* NULL: no hash; see port/rss.h. With neither, one RX queue for all */
    adk_multicast_t *multicast; /* see port/multicast.h */
    adk_wakeup_t *wakeup; /* of the control plane, one for all ports; NULL: no thread sleeps */
    struct rte_mempool *rx_mempool;
    struct rte_mempool *tx_mempools[ADK_PORT_TX_QUEUES_MAX];
    struct rte_eth_conf configuration;
    struct rte_eth_rxconf rx_configuration;
    struct rte_eth_txconf tx_configuration;
    adk_settings_t settings;
    adk_port_xstats_t missed_xstats;
    adk_port_xstats_t fault_xstats;
    uint64_t faults_seen;
    char name[RTE_ETH_NAME_MAX_LEN];
};

static inline adk_note_t *adk_mbuf_note(struct rte_mbuf *mbuf)
{
    return (adk_note_t *)rte_mbuf_to_priv(mbuf);
}

/*
 * extra_mbufs: how many may wait in our own rings in addition to the device's descriptors. The caller keeps ownership
 * of wakeup. 0, or -1 with the error set.
 */
int adk_port_open(adk_port_t *port, const adk_settings_t *settings, uint32_t extra_mbufs, adk_wakeup_t *wakeup);
/* Safe on a port that was never opened (zeroed), and when called twice. */
void adk_port_close(adk_port_t *port);

/*
 * rte_eal_cleanup() must not be called: closing the device of a port that failed to open would crash, and closing one
 * that is gone would block for minutes.
 */
bool adk_port_forbids_cleanup(void);

/* Stop, reset, configure, start again. The data path must have let go of the port. */
int adk_port_restart(adk_port_t *port);

int adk_port_info(const adk_port_t *port, adk_port_info_t *info);
int adk_port_link(const adk_port_t *port, adk_link_t *link);

/* Frames that the device dropped for lack of a descriptor or an mbuf. */
uint64_t adk_port_missed(const adk_port_t *port);
/*
 * Called about once a second: runs the timers of a PMD that has some, and starts a restart that a device needs but does
 * not ask for.
 */
void adk_port_watch(adk_port_t *port);

/* Called at the start; from then on a pulled device can be detected. Only PCI devices are ever seen as pulled. */
void adk_port_find_place(adk_port_t *port);
bool adk_port_is_gone(const adk_port_t *port);

/*
 * names: without the prefix "rx_q0_" or "tx_q0_"; NULL ends them. A statistic that the device does not have counts as
 * zero.
 */
void adk_port_xstats_find(const adk_port_t *port, adk_port_xstats_t *xstats, const char *const *names);
uint64_t adk_port_xstats_sum(const adk_port_t *port, const adk_port_xstats_t *xstats);

/*
 * As rte_mempool_avail_count(), without the caches of lcores that do not exist: reading those of all RTE_MAX_LCORE, each
 * on a page of its own, took two fifths of an idle driver's time.
 */
uint32_t adk_port_mbufs_free(const struct rte_mempool *pool);

/* Called by adk_port_open(). */
int adk_port_mempools_create(adk_port_t *port, uint32_t extra_mbufs);
void adk_port_mempools_free(adk_port_t *port);
int adk_port_start(adk_port_t *port);

#endif
