/* Payloads that do not fit the link: cut on the way out, but not within this driver. */
#include <errno.h>

#include "media.h"
#include "sending.h"
#include "stack/fragments.h"
#include "suite.h"

#define LINK_MTU (1500)
#define AT_ID (18)
#define MORE (0x2000u)

static adk_settings_t with_fragments(void)
{
    adk_settings_t settings = ring_settings();
    settings.mtu = LINK_MTU;
    settings.fragments = 1;
    return settings;
}

static ring_port_t port_that_knows_the_peer(unsigned int tx_length)
{
    ring_port_t port = ring_port_with(with_fragments(), 3, tx_length);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    return port;
}

static uint8_t *payload_of(uint32_t length)
{
    uint8_t *payload = malloc(length);
    for (uint32_t i = 0; i < length; i++)
    {
        payload[i] = payload_byte(i);
    }
    return payload;
}

/*
 * Takes the fragments of one datagram off the wire and reassembles them, byte by byte. Returns the datagram's length.
 */
static uint32_t rebuild(const ring_port_t *port, uint8_t *datagram, uint16_t *id)
{
    uint32_t expected = 0;
    for (;;)
    {
        struct rte_mbuf *mbuf = ring_port_take(port, 0);
        CHECK(NULL != mbuf);
        const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);
        const uint32_t length = get16(bytes + AT_TOTAL_LENGTH) - 20u;
        const uint32_t flags = get16(bytes + AT_FRAGMENT);
        CHECK_EQUAL(mbuf->pkt_len, AT_SOURCE_PORT + length);
        CHECK(20 + length <= LINK_MTU);
        CHECK_EQUAL(0, slow_checksum(slow_sum(bytes + 14, 20)));
        CHECK_EQUAL(0, memcmp(bytes, PEER_MAC, 6));
        CHECK_EQUAL(0, flags & 0xc000);
        CHECK_EQUAL(expected, (flags & 0x1fff) * 8);
        CHECK(0 == expected || *id == get16(bytes + AT_ID));
        *id = get16(bytes + AT_ID);
        memcpy(datagram + expected, bytes + AT_SOURCE_PORT, length);
        expected += length;
        rte_pktmbuf_free(mbuf);
        if (0 == (flags & MORE))
        {
            return expected;
        }
        CHECK_EQUAL(0, length % 8);
    }
}

TEST(a_payload_that_does_not_fit_leaves_in_fragments_that_fit)
{
    static const uint32_t lengths[] = { 1473, 1480, 2952, 2953, 4000, 8192, 11831, 11832 };
    ring_port_t port = port_that_knows_the_peer(1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    static uint8_t datagram[65536];
    uint16_t id = 0, last_id = 0;

    for (size_t i = 0; i < RTE_DIM(lengths); i++)
    {
        uint8_t *payload = payload_of(lengths[i]);
        const struct iovec iov = { .iov_base = payload, .iov_len = lengths[i] };
        int64_t bytes = 0;
        CHECK_EQUAL(1, adk_tx_send(port.stack, &port.stack->lanes[ADK_ROLE_RECEIVER], &destination, &iov, 1, &bytes));
        CHECK_EQUAL(lengths[i], bytes);
        struct rte_ring *const queue_0 = port.tx[0];
        port.tx[0] = port.tx[port.stack->lanes[ADK_ROLE_RECEIVER].tx_queue];
        CHECK_EQUAL(8 + lengths[i], rebuild(&port, datagram, &id));
        port.tx[0] = queue_0;
        CHECK_EQUAL(8 + lengths[i], get16(datagram + 4));
        CHECK_EQUAL(0, memcmp(datagram + 8, payload, lengths[i]));
        const uint64_t pseudo_header = slow_sum(destination.header.ethernet.src_addr.addr_bytes, 0) +
            slow_sum((const uint8_t *)&destination.header.ipv4.src_addr, 8) + 17 + get16(datagram + 4);
        CHECK_EQUAL(0, slow_checksum(pseudo_header + slow_sum(datagram, 8 + lengths[i])));
        CHECK(0 == i || id != last_id);
        last_id = id;
        free(payload);
    }
    CHECK_EQUAL(RTE_DIM(lengths), adk_count_value(port.stack, ADK_COUNT_TX_FRAGMENTED));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(what_does_not_fit_fragments_either_is_refused_for_good)
{
    ring_port_t port = port_that_knows_the_peer(1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    uint8_t *payload = payload_of(11833);
    const struct iovec iovs[] = { { payload, 32 }, { payload, 11833 } };
    int64_t bytes = 0;

    CHECK_EQUAL(11832, adk_fragments_longest(port.stack));
    CHECK_EQUAL(-EMSGSIZE, adk_tx_send(port.stack, &port.stack->lanes[ADK_ROLE_SENDER], &destination, iovs, 2, &bytes));
    CHECK_EQUAL(2, adk_count_value(port.stack, ADK_COUNT_TX_TOO_LONG));
    CHECK_EQUAL(0, rte_ring_count(port.tx[0]));
    free(payload);
    ring_port_close(&port);
}

TEST(a_batch_of_long_and_short_is_taken_whole_whatever_the_ring_takes)
{
    ring_port_t port = port_that_knows_the_peer(4);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    adk_lane_t *lane = &port.stack->lanes[ADK_ROLE_SENDER];
    static uint8_t datagram[65536];
    struct iovec iovs[ADK_SEND_BURST_MAX];
    uint8_t *payload = payload_of(11832);
    int64_t bytes = 0;
    uint16_t id;

    for (int i = 0; i < ADK_SEND_BURST_MAX; i++)
    {
        iovs[i] = (struct iovec){ .iov_base = payload, .iov_len = 0 == i % 2 ? 11832u : 64u };
    }
    CHECK_EQUAL(16, adk_tx_send(port.stack, lane, &destination, iovs, 16, &bytes));
    CHECK_EQUAL(8 * (11832 + 64), bytes);
    CHECK_EQUAL(0, adk_tx_send(port.stack, lane, &destination, iovs, 16, &bytes));
    for (int i = 0, frames = 0; i < 8 * (ADK_FRAGMENTS_MAX + 1); i += frames)
    {
        frames = (int)rte_ring_count(port.tx[0]);
        CHECK(frames > 0);
        struct rte_mbuf *burst[4];
        CHECK_EQUAL(frames, rte_ring_dequeue_burst(port.tx[0], (void **)burst, 4, NULL));
        rte_pktmbuf_free_bulk(burst, (unsigned int)frames);
        adk_tx_progress(port.stack, lane);
    }
    CHECK_EQUAL(0, lane->backlog_length);
    iovs[0].iov_len = 2000;
    CHECK_EQUAL(1, adk_tx_send(port.stack, lane, &destination, iovs, 1, &bytes));
    CHECK_EQUAL(2008, rebuild(&port, datagram, &id));
    check_no_mbuf_is_missing(&port);
    free(payload);
    ring_port_close(&port);
}

TEST(to_our_own_address_a_long_datagram_goes_in_one_piece)
{
    test_media_t *test = media_open_with(with_fragments(), AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport = { 0 }, sender = { 0 };
    struct sockaddr_storage own = address_of(LOCAL_IPV4, LOCAL_PORT);
    uint8_t *payload = payload_of(11832);
    struct iovec iov = { .iov_base = payload, .iov_len = 8000 };
    int64_t bytes = 0;

    CHECK_EQUAL(0, media_init(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], &transport));
    CHECK_EQUAL(0, media_init(test, &sender, ADK_ROLE_SENDER, 0, NULL));
    CHECK_EQUAL(1, adk_transport_send(NULL, &sender, &own, &iov, 1, &bytes));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], 8000);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&sender));
    free(payload);
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[ADK_ROLE_RECEIVER], &transport));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(without_a_mac_fragments_wait_for_nobody)
{
    ring_port_t port = ring_port_with(with_fragments(), 3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    uint8_t *payload = payload_of(4000);
    const struct iovec iov = { .iov_base = payload, .iov_len = 4000 };
    adk_control_event_t event;
    int64_t bytes = 0;

    CHECK_EQUAL(0, adk_tx_send(port.stack, &port.stack->lanes[ADK_ROLE_SENDER], &destination, &iov, 1, &bytes));
    CHECK_EQUAL(0, bytes);
    CHECK_EQUAL(3, adk_count_value(port.stack, ADK_COUNT_TX_UNRESOLVED));
    CHECK_EQUAL(0, adk_control_receive(port.stack, &event));
    const struct iovec heartbeat = { .iov_base = payload, .iov_len = 32 };
    CHECK_EQUAL(1, adk_tx_send(port.stack, &port.stack->lanes[ADK_ROLE_SENDER], &destination, &heartbeat, 1, &bytes));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
    free(payload);
    ring_port_close(&port);
}
