/*
 * A DPDK port between our own rings (net_ring PMD): what a test puts into rx is received, what is sent ends up in
 * tx[queue]. Each has a stack above it, whose address is set to LOCAL's.
 */
#ifndef ADK_TESTS_RING_PORT_H
#define ADK_TESTS_RING_PORT_H

#include <dlfcn.h>

#include <rte_eth_ring.h>

#include "eal.h"
#include "frame.h"
#include "stack/stack.h"

#define RING_PORT_QUEUES_MAX (3)

typedef struct ring_port_stct
{
    adk_stack_t *stack;
    struct rte_ring *rx[2];
    struct rte_ring *tx[RING_PORT_QUEUES_MAX];
    unsigned int rx_mbufs;
    unsigned int tx_mbufs;
} ring_port_t;

static inline adk_settings_t ring_settings(void)
{
    return (adk_settings_t){ .rx_queue_size = 64,
                             .tx_queue_size = 64,
                             .rx_mempool_cache_size = 32,
                             .tx_mempool_cache_size = 32,
                             .prefix_length = 24,
                             .local_ipv4 = LOCAL_IPV4,
                             .gateway_ipv4 = GATEWAY_IPV4 };
}

static inline int ring_device_create(
    const char *name, struct rte_ring **rx, unsigned int rx_queues, struct rte_ring **tx, unsigned int tx_queues)
{
#ifdef ADK_DPDK_STATIC
    __typeof__(&rte_eth_from_rings) create = rte_eth_from_rings;
#else
    /* There is no library to link against: the EAL has loaded the PMD, and this finds that copy. */
    void *library = dlopen("librte_net_ring.so", RTLD_NOW);
    CHECK(NULL != library);
    __typeof__(&rte_eth_from_rings) create = (__typeof__(&rte_eth_from_rings))(uintptr_t)dlsym(
        library, "rte_eth_from_rings");
    CHECK(NULL != create);
#endif
    return create(name, rx, rx_queues, tx, tx_queues, 0);
}

static inline struct rte_ring *ring_of(const char *device, const char *what, int queue, unsigned int length)
{
    char name[RTE_RING_NAMESIZE];
    (void)snprintf(name, sizeof(name), "%s_%s%d", device, what, queue);
    struct rte_ring *ring = rte_ring_create(
        name, length, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    CHECK(NULL != ring);
    return ring;
}

/* A device alone; returns its DPDK port id. tx_length: how many frames each TX queue holds before it refuses more. */
static inline uint16_t ring_device_with(
    ring_port_t *port, uint16_t rx_queues, uint16_t tx_queues, unsigned int tx_length)
{
    static uint8_t count;
    char name[8];

    eal_start();
    (void)snprintf(name, sizeof(name), "t%d", count++);
    for (int queue = 0; queue < rx_queues; queue++)
    {
        port->rx[queue] = ring_of(name, "rx", queue, 1024);
    }
    for (int queue = 0; queue < tx_queues; queue++)
    {
        port->tx[queue] = ring_of(name, "tx", queue, tx_length);
    }
    const int port_id = ring_device_create(name, port->rx, rx_queues, port->tx, tx_queues);
    CHECK(port_id >= 0);
    return (uint16_t)port_id;
}

static inline uint16_t ring_device(ring_port_t *port, uint16_t tx_queues, unsigned int tx_length)
{
    return ring_device_with(port, 1, tx_queues, tx_length);
}

/* Opens the stack above settings.port_id, whatever that device is, and gives it LOCAL_MAC. */
static inline void ring_port_open(ring_port_t *port, const adk_settings_t *settings)
{
    port->stack = adk_stack_open(settings, NULL);
    if (NULL == port->stack)
    {
        fprintf(stderr, "%s\n", adk_error_text());
        exit(EXIT_FAILURE);
    }
    memcpy(port->stack->local.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
    memcpy(port->stack->port.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
    port->rx_mbufs = rte_mempool_avail_count(port->stack->port.rx_mempool);
    port->tx_mbufs = rte_mempool_avail_count(port->stack->port.tx_mempools[0]);
}

static inline ring_port_t ring_port_with(adk_settings_t settings, uint16_t tx_queues, unsigned int tx_length)
{
    ring_port_t port = { 0 };
    settings.port_id = ring_device(&port, tx_queues, tx_length);
    ring_port_open(&port, &settings);
    return port;
}

static inline ring_port_t ring_port(void)
{
    return ring_port_with(ring_settings(), RING_PORT_QUEUES_MAX, 1024);
}

static inline void ring_port_close(ring_port_t *port)
{
    adk_stack_close(port->stack);
    for (int queue = 0; queue < RING_PORT_QUEUES_MAX; queue++)
    {
        rte_ring_free(port->tx[queue]);
    }
    rte_ring_free(port->rx[0]);
    rte_ring_free(port->rx[1]);
}

/* Every mbuf is back: none leaked, and none was freed twice (then there would be more). */
static inline void check_no_mbuf_is_missing(const ring_port_t *port)
{
    CHECK_EQUAL(port->rx_mbufs, rte_mempool_avail_count(port->stack->port.rx_mempool));
    CHECK_EQUAL(port->tx_mbufs, rte_mempool_avail_count(port->stack->port.tx_mempools[0]));
}

/* An mbuf of the RX pool, as the device fills it. */
static inline struct rte_mbuf *ring_port_mbuf(const ring_port_t *port, const uint8_t *bytes, uint32_t length)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->stack->port.rx_mempool);
    CHECK(NULL != mbuf);
    char *data = rte_pktmbuf_append(mbuf, (uint16_t)length);
    CHECK(NULL != data);
    if (length > 0)
    {
        memcpy(data, bytes, length);
    }
    return mbuf;
}

static inline void ring_port_put_mbuf(const ring_port_t *port, struct rte_mbuf *mbuf)
{
    CHECK_EQUAL(0, rte_ring_sp_enqueue(port->rx[0], mbuf));
}

static inline void ring_port_put(const ring_port_t *port, const frame_t *frame)
{
    ring_port_put_mbuf(port, ring_port_mbuf(port, frame->bytes, frame->length));
}

/* The frame in segments of the given lengths, the last of which takes what remains; none has headroom. */
static inline struct rte_mbuf *chain_of(
    const ring_port_t *port, const frame_t *frame, const uint16_t *lengths, int count)
{
    struct rte_mbuf *head = NULL;
    uint32_t offset = 0;
    for (int i = 0; i < count; i++)
    {
        const uint16_t length = i + 1 < count ? lengths[i] : (uint16_t)(frame->length - offset);
        struct rte_mbuf *segment = rte_pktmbuf_alloc(port->stack->port.rx_mempool);
        CHECK(NULL != segment);
        segment->data_off = 0;
        segment->data_len = length;
        segment->pkt_len = length;
        memcpy(rte_pktmbuf_mtod(segment, void *), frame->bytes + offset, length);
        offset += length;
        if (NULL == head)
        {
            head = segment;
        }
        else
        {
            CHECK_EQUAL(0, rte_pktmbuf_chain(head, segment));
        }
    }
    return head;
}

/* The next frame that left through queue, or NULL; the caller frees it. */
static inline struct rte_mbuf *ring_port_take(const ring_port_t *port, int queue)
{
    void *mbuf = NULL;
    return 0 == rte_ring_sc_dequeue(port->tx[queue], &mbuf) ? mbuf : NULL;
}

static inline void check_frame(const frame_t *expected, const struct rte_mbuf *mbuf)
{
    CHECK(NULL != mbuf);
    CHECK_EQUAL(1, mbuf->nb_segs);
    CHECK_EQUAL(expected->length, mbuf->pkt_len);
    CHECK_EQUAL(expected->length, mbuf->data_len);
    CHECK_EQUAL(0, memcmp(expected->bytes, rte_pktmbuf_mtod(mbuf, const uint8_t *), expected->length));
}

static inline uint64_t count_of(const ring_port_t *port, enum adk_count_en count)
{
    return adk_count_value(port->stack, (int)count);
}

#endif
