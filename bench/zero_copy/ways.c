#include "ways.h"

#include <rte_debug.h>
#include <rte_malloc.h>

#include "stack/frame.h"

#define POOL_SIZE (4095)
#define CACHE_SIZE (256)
#define BURST_MAX (64)

static void allocate(struct rte_mempool *pool, struct rte_mbuf **mbufs, uint16_t count)
{
    if (count > BURST_MAX || 0 != rte_mempool_get_bulk(pool, (void **)mbufs, count))
    {
        rte_panic("no mbufs in %s\n", pool->name);
    }
}

/* The driver's own function. */
static void build_copies(ways_t *ways, struct rte_mbuf **frames, const struct iovec *payloads, uint16_t count)
{
    const uint16_t room = (uint16_t)(rte_pktmbuf_data_room_size(ways->frames) - RTE_PKTMBUF_HEADROOM);

    allocate(sizeof(adk_header_t) + payloads[0].iov_len <= room ? ways->frames : ways->jumbo_frames, frames, count);
    for (uint16_t i = 0; i < count; i++)
    {
        adk_frame_build(&ways->port, &ways->destination, frames[i], &payloads[i], true);
    }
}

/* What adk_frame_build() does besides copying, and building the chain. */
static inline void build_chain(const ways_t *ways, struct rte_mbuf *head, struct rte_mbuf *tail, uint16_t length)
{
    const uint16_t datagram_length = (uint16_t)(sizeof(struct rte_udp_hdr) + length);

    head->data_off = RTE_PKTMBUF_HEADROOM;
    head->ol_flags = ways->port.tx_mbuf_flags;
    head->data_len = sizeof(adk_header_t);
    head->pkt_len = (uint32_t)(sizeof(adk_header_t) + length);
    head->tx_offload = ADK_TX_OFFLOAD;
    head->nb_segs = 2;
    head->next = tail;
    tail->data_len = length;

    adk_header_t *header = rte_pktmbuf_mtod(head, adk_header_t *);
    *header = ways->destination.header;
    header->ipv4.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(struct rte_ipv4_hdr) + datagram_length));
    header->udp.dgram_len = rte_cpu_to_be_16(datagram_length);
    header->udp.dgram_cksum = adk_checksum_fold(ways->destination.pseudo_sum + header->udp.dgram_len);
}

/* As the mbuf library intends: each mbuf holds a reference to the log, which it gives back when it is freed. */
static void build_attached(ways_t *ways, struct rte_mbuf **frames, const struct iovec *payloads, uint16_t count)
{
    struct rte_mbuf *mbufs[BURST_MAX];

    allocate(ways->segments, frames, count);
    allocate(ways->segments, mbufs, count);
    (void)rte_mbuf_ext_refcnt_update(&ways->shared, (int16_t)count);
    for (uint16_t i = 0; i < count; i++)
    {
        void *payload = payloads[i].iov_base;
        const uint16_t length = (uint16_t)payloads[i].iov_len;
        mbufs[i]->ol_flags = 0;
        rte_pktmbuf_attach_extbuf(mbufs[i], payload, (rte_iova_t)(uintptr_t)payload, length, &ways->shared);
        build_chain(ways, frames[i], mbufs[i], length);
    }
}

/* The lower bound: nothing is counted, so something else must know when the device is done with the log. */
static void build_pinned(ways_t *ways, struct rte_mbuf **frames, const struct iovec *payloads, uint16_t count)
{
    struct rte_mbuf *mbufs[BURST_MAX];

    allocate(ways->segments, frames, count);
    allocate(ways->pinned, mbufs, count);
    for (uint16_t i = 0; i < count; i++)
    {
        void *payload = payloads[i].iov_base;
        const uint16_t length = (uint16_t)payloads[i].iov_len;
        mbufs[i]->buf_addr = payload;
        rte_mbuf_iova_set(mbufs[i], (rte_iova_t)(uintptr_t)payload);
        mbufs[i]->buf_len = length;
        mbufs[i]->data_off = 0;
        build_chain(ways, frames[i], mbufs[i], length);
    }
}

const way_t all_ways[WAYS] = {
    { "copied", build_copies },
    { "attached", build_attached },
    { "pinned", build_pinned },
};

static void keep_log(void *address, void *opaque)
{
    (void)opaque;
    rte_panic("the log at %p was released\n", address);
}

static struct rte_mempool *pool_of(const char *name, uint16_t room)
{
    struct rte_mempool *pool = rte_pktmbuf_pool_create(
        name, POOL_SIZE, CACHE_SIZE, 0, (uint16_t)(room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
    if (NULL == pool)
    {
        rte_panic("no memory for %s\n", name);
    }
    return pool;
}

void ways_open(ways_t *ways)
{
    static const uint8_t mac[RTE_ETHER_ADDR_LEN] = { 0x02, 0, 0, 0, 0, 1 };
    const struct rte_pktmbuf_extmem nowhere = {
        .buf_ptr = rte_malloc(NULL, (size_t)POOL_SIZE * RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_SIZE),
        .buf_iova = RTE_BAD_IOVA,
        .buf_len = (size_t)POOL_SIZE * RTE_CACHE_LINE_SIZE,
        .elt_size = RTE_CACHE_LINE_SIZE,
    };

    adk_header_init(&ways->destination.header, mac, RTE_IPV4(10, 9, 0, 1), 20121, RTE_IPV4(10, 9, 0, 2), 20122);
    ways->port.tx_ipv4_checksum = true;
    ways->port.tx_udp_checksum = true;
    ways->port.tx_mbuf_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM;
    ways->frames = pool_of("frames", RTE_MBUF_DEFAULT_DATAROOM);
    ways->jumbo_frames = pool_of("jumbo_frames", JUMBO_ROOM);
    ways->segments = pool_of("segments", RTE_CACHE_LINE_SIZE);
    ways->shared.free_cb = keep_log;
    rte_mbuf_ext_refcnt_set(&ways->shared, 1);
    ways->pinned = rte_pktmbuf_pool_create_extbuf(
        "pinned", POOL_SIZE, CACHE_SIZE, 0, RTE_CACHE_LINE_SIZE, SOCKET_ID_ANY, &nowhere, 1);
    if (NULL == ways->pinned)
    {
        rte_panic("no memory for pinned\n");
    }
}
