/*
 * What our own code does for a frame, for callgrind to count: each region below ends in a dump with its name. The port
 * is a net_ring device; where "device" computes checksums, the mbufs and the port claim so, as with a NIC. Each region
 * runs twice before it is counted, so that one-time work is not included.
 */
#include <valgrind/callgrind.h>

#include "bench/native/count_datagram.h"
#include "frame6.h"
#include "media.h"
#include "shared_port.h"
#include "stack/ipv6/stack.h"

#define WARM_UPS (2)
#define BURST_MAX (32)

typedef struct region_stct
{
    test_media_t *test;
    aeron_udp_channel_transport_t transport;
    frame_t frame;
    uint16_t tag;                     /* removed by the device */
    struct sockaddr_storage local;
    struct sockaddr_storage peer;
    int burst;
    bool is_device;
    uint32_t delivered;
} region_t;

/* Aeron calls through such pointers too: nothing of ours is inlined into the caller. */
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
        if (0 != region->tag)
        {
            mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
            mbuf->vlan_tci = region->tag;
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
            count_datagram,
            adk_transport_recvmmsg,
            &region->delivered));
}

static struct sockaddr_storage address6_of(const uint8_t *ipv6, uint16_t udp_port)
{
    struct sockaddr_storage storage = { .ss_family = AF_INET6 };
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;
    memcpy(&address->sin6_addr, ipv6, 16);
    address->sin6_port = rte_cpu_to_be_16(udp_port);
    return storage;
}

static void open_region(region_t *region, bool is_ipv6)
{
    adk_settings_t settings = ring_settings();
    settings.ipv6 = is_ipv6;
    region->test = media_open_with(settings, AERON_THREADING_MODE_DEDICATED);
    adk_stack_t *stack = region->test->port.stack;

    region->local = is_ipv6 ? address6_of(LOCAL_IPV6, LOCAL_PORT) : address_of(LOCAL_IPV4, LOCAL_PORT);
    region->peer = is_ipv6 ? address6_of(PEER_IPV6, PEER_PORT) : address_of(PEER_IPV4, PEER_PORT);
    if (is_ipv6)
    {
        memcpy(stack->ipv6->locals.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
        CHECK_EQUAL(0, adk_local6_set(stack, LINK_LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
        CHECK_EQUAL(0, adk_local6_set(stack, LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
        CHECK_EQUAL(0, adk_neighbour6_set(stack, PEER_IPV6, PEER_MAC));
    }
    CHECK_EQUAL(0, adk_neighbour_set(stack, PEER_IPV4, PEER_MAC));
}

static void add_transport(region_t *region, enum adk_role_en role)
{
    aeron_udp_channel_transport_params_t params = { .mtu_length = 1408 };
    CHECK_EQUAL(
        0,
        adk_transport_init(
            &region->transport,
            &region->local,
            NULL,
            NULL,
            &params,
            region->test->context,
            ADK_ROLE_SENDER == role ? AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER
                                    : AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER));
    CHECK_EQUAL(0, adk_poller_add(&region->test->pollers[role], &region->transport));
}

/* Nearly everything received is data: other types are checked before Aeron sees them. */
static void make_data(frame_t *frame, bool is_ipv6)
{
    uint8_t *type = frame->bytes + (is_ipv6 ? (int)AT_PAYLOAD6 : (int)AT_PAYLOAD) +
        offsetof(aeron_frame_header_t, type);

    type[0] = AERON_HDR_TYPE_DATA;
    type[1] = 0;
    is_ipv6 ? seal6(frame) : seal(frame);
}

/* Warms up, counts one poll and dumps it under name. */
static void count_poll(region_t *region, const char *name)
{
    for (int i = 0; i < WARM_UPS; i++)
    {
        put_burst(region);
        poll_burst(region);
    }
    put_burst(region);
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    poll_burst(region);
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(name);
    CHECK_EQUAL(region->burst * (WARM_UPS + 1), region->delivered);
    CHECK_EQUAL(0, adk_transport_close(&region->transport));
}

static void count_receive(uint32_t message_length, int burst, bool is_device, bool is_ipv6)
{
    region_t region = { .burst = burst, .is_device = is_device };
    char name[64];

    open_region(&region, is_ipv6);
    region.frame = is_ipv6 ? frame6_of(32 + message_length) : frame_of(32 + message_length);
    make_data(&region.frame, is_ipv6);
    add_transport(&region, ADK_ROLE_RECEIVER);
    (void)snprintf(
        name,
        sizeof(name),
        "receive%s %u %d %s",
        is_ipv6 ? "-ipv6" : "",
        message_length,
        burst,
        is_device ? "device" : "software");
    count_poll(&region, name);
    media_close(region.test);
}

/* For one of four interfaces that share a port: position 0 has no tag, the last one is in a VLAN. */
static void count_receive_shared(int position, int burst)
{
    shared_t shared = shared_open_with(0, AERON_THREADING_MODE_DEDICATED);
    region_t region = { .test = shared.media, .burst = burst, .is_device = true, .tag = shared.tags[position] };
    char name[64];

    region.local = address_of(OWN[position], LOCAL_PORT);
    region.frame = frame_of(64);
    make_data(&region.frame, false);
    put32(region.frame.bytes + AT_SOURCE_IPV4, PEERS[position]);
    put32(region.frame.bytes + AT_DESTINATION_IPV4, OWN[position]);
    seal(&region.frame);
    add_transport(&region, ADK_ROLE_RECEIVER);
    (void)snprintf(name, sizeof(name), "receive-shared-%s 32 %d device", 0 == position ? "first" : "vlan", burst);
    count_poll(&region, name);
    shared_close(&shared);
}

static void send_burst(region_t *region, struct iovec *payloads)
{
    int64_t bytes = 0;

    CHECK_EQUAL(
        region->burst, send_function(NULL, &region->transport, &region->peer, payloads, (size_t)region->burst, &bytes));
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

static void count_send(uint32_t message_length, int burst, bool is_device, bool is_ipv6)
{
    static uint8_t payload[9216];
    struct iovec payloads[BURST_MAX];
    region_t region = { .burst = burst };
    char name[64];

    open_region(&region, is_ipv6);
    adk_port_t *port = &region.test->port.stack->port;
    if (is_device)
    {
        port->tx_udp_checksum6 = true;
        port->tx_ipv4_checksum = true;
        port->tx_udp_checksum = true;
        port->tx_mbuf_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM;
    }
    for (int i = 0; i < burst; i++)
    {
        payloads[i] = (struct iovec){ .iov_base = payload, .iov_len = 32 + message_length };
    }
    add_transport(&region, ADK_ROLE_SENDER);
    for (int i = 0; i < WARM_UPS; i++)
    {
        send_burst(&region, payloads);
        drain(&region);
    }
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    send_burst(&region, payloads);
    CALLGRIND_STOP_INSTRUMENTATION;
    (void)snprintf(
        name,
        sizeof(name),
        "send%s %u %d %s",
        is_ipv6 ? "-ipv6" : "",
        message_length,
        burst,
        is_device ? "device" : "software");
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
        count_receive(32, receive_bursts[i], true, false);
    }
    count_receive(1344, 1, true, false);
    count_receive(32, 1, false, false);
    count_receive(1344, 1, false, false);
    count_receive(32, 0, true, true);
    count_receive(32, 1, true, true);
    count_receive(32, 32, true, true);
    count_receive_shared(0, 0);
    count_receive_shared(0, 32);
    count_receive_shared(INTERFACES - 1, 32);

    for (size_t i = 0; i < sizeof(send_bursts) / sizeof(send_bursts[0]); i++)
    {
        count_send(32, send_bursts[i], true, false);
    }
    count_send(1344, 1, true, false);
    count_send(32, 1, false, false);
    count_send(1344, 1, false, false);
    count_send(32, 1, true, true);
    count_send(32, 16, true, true);
    return EXIT_SUCCESS;
}
