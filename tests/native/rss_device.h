/*
 * A NIC that hashes: DPDK's net_null stores the key and table it is given, and we put each frame into the queue that
 * the two determine, by a Toeplitz hash of our own, bit by bit (Microsoft, "RSS Hashing Functions").
 */
#ifndef ADK_TESTS_RSS_DEVICE_H
#define ADK_TESTS_RSS_DEVICE_H

#include "media.h"

#define RSS_KEY_LENGTH (40)
#define RSS_TABLE_LENGTH (128)

static test_media_t *rss_media;

static inline uint32_t toeplitz(const uint8_t *key, const uint8_t *input, uint32_t length)
{
    uint32_t hash = 0;
    for (uint32_t bit = 0; bit < 8 * length; bit++)
    {
        for (uint32_t i = 0; 0 != (input[bit / 8] & 0x80 >> bit % 8) && i < 32; i++)
        {
            const uint32_t key_bit = bit + i;
            hash ^= (uint32_t)(0 != (key[key_bit / 8] & 0x80 >> key_bit % 8)) << (31 - i);
        }
    }
    return hash;
}

/* Replaces the PMD's receive function. */
static inline uint16_t rss_receive(void *queue, struct rte_mbuf **mbufs, uint16_t size)
{
    const ring_port_t *port = &rss_media->port;
    const int index = queue == rte_eth_fp_ops[port->stack->port.id].rxq.data[ADK_SENDER_RX_QUEUE];
    return (uint16_t)rte_ring_sc_dequeue_burst(port->rx[index], (void **)mbufs, size, NULL);
}

/* To be called after each start of the device. */
static inline void rss_plug_in(test_media_t *test)
{
    rss_media = test;
    rte_eth_fp_ops[test->port.stack->port.id].rx_pkt_burst = rss_receive;
}

static inline test_media_t *rss_media_open_with(adk_settings_t settings, aeron_threading_mode_t threading_mode)
{
    static uint16_t count;
    char name[16];
    ring_port_t port = { 0 };

    eal_start();
    (void)snprintf(name, sizeof(name), "net_null%u", count++);
    CHECK_EQUAL(0, rte_eal_hotplug_add("vdev", name, "no-rx=1"));
    CHECK_EQUAL(0, rte_eth_dev_get_port_by_name(name, &settings.port_id));
    settings.threads_shared = AERON_THREADING_MODE_DEDICATED != threading_mode;
    port.rx[0] = ring_of(name, "rx", 0, 1024);
    port.rx[1] = ring_of(name, "rx", 1, 1024);
    ring_port_open(&port, &settings);
    test_media_t *test = media_open_on(port, threading_mode);
    rss_plug_in(test);
    return test;
}

static inline test_media_t *rss_media_open(void)
{
    return rss_media_open_with(ring_settings(), AERON_THREADING_MODE_DEDICATED);
}

/* The queue that the device would put a frame in. Anything but a whole UDP datagram has no hash. */
static inline int rss_queue_of(const test_media_t *test, const frame_t *frame)
{
    const uint16_t id = test->port.stack->port.id;
    uint8_t key[RSS_KEY_LENGTH];
    struct rte_eth_rss_conf hash = { .rss_key = key, .rss_key_len = sizeof(key) };
    struct rte_eth_rss_reta_entry64 table[RSS_TABLE_LENGTH / RTE_ETH_RETA_GROUP_SIZE] = { 0 };
    uint32_t value = 0;

    for (size_t i = 0; i < RTE_DIM(table); i++)
    {
        table[i].mask = UINT64_MAX;
    }
    CHECK_EQUAL(0, rte_eth_dev_rss_hash_conf_get(id, &hash));
    CHECK_EQUAL(RTE_ETH_RSS_NONFRAG_IPV4_UDP, hash.rss_hf);
    CHECK_EQUAL(0, rte_eth_dev_rss_reta_query(id, table, RSS_TABLE_LENGTH));
    if (0 == (get16(frame->bytes + AT_FRAGMENT) & 0x3fff))
    {
        value = toeplitz(key, frame->bytes + AT_SOURCE_IPV4, 12);
    }
    const uint32_t index = value % RSS_TABLE_LENGTH;
    return table[index / RTE_ETH_RETA_GROUP_SIZE].reta[index % RTE_ETH_RETA_GROUP_SIZE];
}

static inline void rss_put_into(test_media_t *test, int queue, const frame_t *frame)
{
    struct rte_mbuf *mbuf = ring_port_mbuf(&test->port, frame->bytes, frame->length);
    CHECK_EQUAL(0, rte_ring_sp_enqueue(test->port.rx[queue], mbuf));
}

static inline void rss_put(test_media_t *test, const frame_t *frame)
{
    rss_put_into(test, rss_queue_of(test, frame), frame);
}

/* A datagram of length bytes from a peer. */
static inline frame_t rss_frame(uint32_t peer_ipv4, uint16_t peer_port, uint16_t local_port, uint32_t length)
{
    frame_t frame = frame_of(length);
    put32(frame.bytes + AT_SOURCE_IPV4, peer_ipv4);
    put16(frame.bytes + AT_SOURCE_PORT, peer_port);
    put16(frame.bytes + AT_DESTINATION_PORT, local_port);
    seal(&frame);
    return frame;
}

#endif
