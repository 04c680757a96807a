/*
 * What our own code does for a frame, for callgrind to count: each region below ends in a dump that carries its name.
 * The port is a net_ring device; where "device" computes checksums, the mbufs and the port say so, as with a NIC.
 * Each region runs twice before it is counted, so that nothing is done for the first time in it.
 */
#include <valgrind/callgrind.h>

#include "media.h"

#define WARM_UPS (2)
#define BURST_MAX (32)

static void receive_nothing(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *addr,
    struct timespec *media_timestamp)
{
    (void)data_paths;
    (void)transport;
    (void)endpoint_clientd;
    (void)destination_clientd;
    (void)buffer;
    (void)length;
    (void)addr;
    (void)media_timestamp;
    (*(int *)clientd)++;
}

typedef struct region_stct
{
    test_media_t *test;
    aeron_udp_channel_transport_t transport;
    frame_t frame;
    int burst;
    bool is_device;
    int delivered;
} region_t;

/* Aeron calls through these pointers too: nothing of ours is inlined into the caller. */
static aeron_udp_transport_poller_poll_func_t volatile poll_function = adk_poller_poll;
static aeron_udp_channel_transport_send_func_t volatile send_function = adk_transport_send;

static void put_burst(region_t *region)
{
    for (int i = 0; i < region->burst; i++)
    {
        struct rte_mbuf *mbuf = ring_port_mbuf(&region->test->port, region->frame.bytes, region->frame.length);
        if (region->is_device)
        {
            mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
        }
        ring_port_put_mbuf(&region->test->port, mbuf);
    }
}

static void poll_burst(region_t *region)
{
    struct mmsghdr message = { 0 };
    int64_t bytes = 0;

    CHECK_EQUAL(
        region->burst,
        poll_function(
            &region->test->pollers[ADK_ROLE_RECEIVER],
            &message,
            1,
            &bytes,
            receive_nothing,
            adk_transport_recvmmsg,
            &region->delivered));
}

static void count_receive(uint32_t message_length, int burst, bool is_device)
{
    region_t region = { .test = media_open(), .burst = burst, .is_device = is_device };
    char name[64];

    region.frame = frame_of(32 + message_length);
    media_add(region.test, &region.transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    for (int i = 0; i < WARM_UPS; i++)
    {
        put_burst(&region);
        poll_burst(&region);
    }
    put_burst(&region);
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    poll_burst(&region);
    CALLGRIND_STOP_INSTRUMENTATION;
    (void)snprintf(name, sizeof(name), "receive %u %d %s", message_length, burst, is_device ? "device" : "software");
    CALLGRIND_DUMP_STATS_AT(name);
    CHECK_EQUAL(burst * (WARM_UPS + 1), region.delivered);
    CHECK_EQUAL(0, adk_transport_close(&region.transport));
    media_close(region.test);
}

static void send_burst(region_t *region, struct iovec *payloads)
{
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    int64_t bytes = 0;

    CHECK_EQUAL(region->burst, send_function(NULL, &region->transport, &peer, payloads, (size_t)region->burst, &bytes));
}

static void drain(region_t *region)
{
    for (int queue = 0; queue < RING_PORT_QUEUES_MAX; queue++)
    {
        struct rte_mbuf *mbuf;
        while (NULL != (mbuf = ring_port_take(&region->test->port, queue)))
        {
            rte_pktmbuf_free(mbuf);
        }
    }
}

static void count_send(uint32_t message_length, int burst, bool is_device)
{
    static uint8_t payload[9216];
    struct iovec payloads[BURST_MAX];
    region_t region = { .test = media_open(), .burst = burst };
    adk_port_t *port = &region.test->port.stack->port;
    char name[64];

    if (is_device)
    {
        port->tx_ipv4_checksum = true;
        port->tx_udp_checksum = true;
        port->tx_mbuf_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM;
    }
    for (int i = 0; i < burst; i++)
    {
        payloads[i] = (struct iovec){ .iov_base = payload, .iov_len = 32 + message_length };
    }
    CHECK_EQUAL(0, adk_neighbour_set(region.test->port.stack, PEER_IPV4, PEER_MAC));
    media_add(region.test, &region.transport, ADK_ROLE_SENDER, LOCAL_PORT);
    for (int i = 0; i < WARM_UPS; i++)
    {
        send_burst(&region, payloads);
        drain(&region);
    }
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    send_burst(&region, payloads);
    CALLGRIND_STOP_INSTRUMENTATION;
    (void)snprintf(name, sizeof(name), "send %u %d %s", message_length, burst, is_device ? "device" : "software");
    CALLGRIND_DUMP_STATS_AT(name);
    drain(&region);
    CHECK_EQUAL(0, adk_transport_close(&region.transport));
    media_close(region.test);
}

int main(void)
{
    static const int receive_bursts[] = { 0, 1, 2, 32 };
    static const int send_bursts[] = { 1, 2, 16 };

    for (size_t i = 0; i < sizeof(receive_bursts) / sizeof(receive_bursts[0]); i++)
    {
        count_receive(32, receive_bursts[i], true);
    }
    count_receive(1344, 1, true);
    count_receive(32, 1, false);
    count_receive(1344, 1, false);

    for (size_t i = 0; i < sizeof(send_bursts) / sizeof(send_bursts[0]); i++)
    {
        count_send(32, send_bursts[i], true);
    }
    count_send(1344, 1, true);
    count_send(32, 1, false);
    count_send(1344, 1, false);
    return EXIT_SUCCESS;
}
