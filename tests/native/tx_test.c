/*
 * Frames to peers whose MAC is known: what they look like, and that each is sent once however many the TX ring takes.
 */
#include <errno.h>

#include "sending.h"
#include "suite.h"

static ring_port_t port_with_peer(uint16_t tx_queues, unsigned int tx_length)
{
    ring_port_t port = ring_port_with(ring_settings(), tx_queues, tx_length);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    return port;
}

TEST(a_datagram_leaves_as_the_frame_that_the_rfcs_describe)
{
    static const uint16_t lengths[] = { 0, 1, 31, 32, 1407, 1408, 1471, 1472 };
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
    {
        int64_t bytes = 0;
        batch_fill(&batch, 1, lengths[i], (uint32_t)i);
        CHECK_EQUAL(1, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
        CHECK_EQUAL(lengths[i], bytes);

        struct rte_mbuf *mbuf = ring_port_take(&port, 0);
        const frame_t expected = frame_from_local(PEER_MAC, PEER_IPV4, &batch.payloads[0]);
        check_frame(&expected, mbuf);
        CHECK_EQUAL(0, mbuf->ol_flags);
        rte_pktmbuf_free(mbuf);
    }
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(not_a_byte_beside_the_payload_is_read)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);

    for (size_t start = 0; start < 16; start++)
    {
        for (size_t length = 0; length <= 1472; length += 1 + length / 16)
        {
            uint8_t *memory = malloc(start + length);
            const struct iovec payload = { .iov_base = memory + start, .iov_len = length };
            int64_t bytes = 0;
            memset(memory, 0xa5, start + length);
            CHECK_EQUAL(
                1, adk_tx_send(port.stack, &port.stack->lanes[ADK_ROLE_SENDER], &destination, &payload, 1, &bytes));
            struct rte_mbuf *mbuf = ring_port_take(&port, 0);
            const frame_t expected = frame_from_local(PEER_MAC, PEER_IPV4, &payload);
            check_frame(&expected, mbuf);
            rte_pktmbuf_free(mbuf);
            free(memory);
        }
    }
    ring_port_close(&port);
}

TEST(a_batch_leaves_in_order_and_is_counted)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 1000;

    batch_fill(&batch, 16, 100, 7);
    CHECK_EQUAL(16, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(1000 + 16 * 100, bytes);
    for (uint32_t i = 0; i < 16; i++)
    {
        struct rte_mbuf *mbuf = ring_port_take(&port, 0);
        CHECK(NULL != mbuf);
        CHECK_EQUAL(7 + i, number_of(mbuf));
        rte_pktmbuf_free(mbuf);
    }
    CHECK(NULL == ring_port_take(&port, 0));
    CHECK_EQUAL(16, count_of(&port, ADK_COUNT_TX_PACKETS));
    CHECK_EQUAL(16 * (42 + 100), count_of(&port, ADK_COUNT_TX_BYTES));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(each_thread_has_a_tx_queue_to_itself)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 1, 32, 0);
    CHECK_EQUAL(1, send_batch(&port, ADK_ROLE_RECEIVER, &destination, &batch, &bytes));
    CHECK_EQUAL(0, rte_ring_count(port.tx[0]));
    CHECK_EQUAL(1, rte_ring_count(port.tx[1]));
    const frame_t arp = arp_request();
    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    struct rte_mbuf *mbuf = ring_port_take(&port, 2);
    check_frame(&arp, mbuf);
    rte_pktmbuf_free(mbuf);
    ring_port_close(&port);
}

TEST(a_device_that_computes_checksums_gets_what_it_starts_from)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    port.stack->port.tx_ipv4_checksum = true;
    port.stack->port.tx_udp_checksum = true;
    port.stack->port.tx_mbuf_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM;
    batch_fill(&batch, 1, 33, 0);
    CHECK_EQUAL(1, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));

    /* rte_mbuf_core.h at RTE_MBUF_F_TX_UDP_CKSUM: IPv4 checksum zero, UDP checksum that of the pseudo header. */
    struct rte_mbuf *mbuf = ring_port_take(&port, 0);
    CHECK(NULL != mbuf);
    frame_t expected = frame_from_local(PEER_MAC, PEER_IPV4, &batch.payloads[0]);
    put16(expected.bytes + AT_IPV4_CHECKSUM, 0);
    const uint64_t pseudo_header = slow_sum(expected.bytes + AT_SOURCE_IPV4, 8) + 17 + 41;
    put16(expected.bytes + AT_UDP_CHECKSUM, (uint16_t)~slow_checksum(pseudo_header));
    check_frame(&expected, mbuf);
    CHECK_EQUAL(port.stack->port.tx_mbuf_flags, mbuf->ol_flags);
    CHECK_EQUAL(14, mbuf->l2_len);
    CHECK_EQUAL(20, mbuf->l3_len);
    rte_pktmbuf_free(mbuf);
    ring_port_close(&port);
}

TEST(what_a_full_tx_ring_does_not_take_waits_and_leaves_once)
{
    ring_port_t port = port_with_peer(3, 1);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    adk_lane_t *lane = &port.stack->lanes[ADK_ROLE_SENDER];
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 16, 64, 0);
    CHECK_EQUAL(16, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(15, lane->backlog_length);

    batch_t next;
    batch_fill(&next, 4, 64, 16);
    CHECK_EQUAL(0, send_batch(&port, ADK_ROLE_SENDER, &destination, &next, &bytes));
    CHECK_EQUAL(16 * 64, bytes);
    CHECK_EQUAL(4, count_of(&port, ADK_COUNT_TX_EAGAIN));

    for (uint32_t i = 0; i < 16; i++)
    {
        struct rte_mbuf *mbuf = ring_port_take(&port, 0);
        CHECK(NULL != mbuf);
        CHECK_EQUAL(i, number_of(mbuf));
        rte_pktmbuf_free(mbuf);
        adk_tx_progress(port.stack, lane);
    }
    CHECK_EQUAL(0, lane->backlog_length);
    CHECK(NULL == ring_port_take(&port, 0));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(no_frame_is_lost_doubled_or_overtaken_whatever_the_tx_ring_takes)
{
    ring_port_t port = port_with_peer(3, 7);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    uint32_t accepted = 0;
    uint32_t taken = 0;
    uint32_t random = 12345;
    batch_t batch;

    for (int round = 0; round < 20000; round++)
    {
        random = random * 1664525 + 1013904223;
        const uint16_t count = (uint16_t)(1 + (random >> 8) % 16);
        int64_t bytes = 0;
        batch_fill(&batch, count, 8, accepted);
        const int result = send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes);
        CHECK(0 == result || count == result);
        CHECK_EQUAL(8 * result, bytes);
        accepted += (uint32_t)result;

        for (uint32_t drain = (random >> 16) % 12; drain > 0; drain--)
        {
            struct rte_mbuf *mbuf = ring_port_take(&port, 0);
            if (NULL != mbuf)
            {
                CHECK_EQUAL(taken, number_of(mbuf));
                taken++;
                rte_pktmbuf_free(mbuf);
            }
        }
    }
    CHECK(taken > 20000);
    CHECK_EQUAL(accepted, taken + rte_ring_count(port.tx[0]) + port.stack->lanes[ADK_ROLE_SENDER].backlog_length);
    CHECK_EQUAL(accepted, count_of(&port, ADK_COUNT_TX_PACKETS));
    ring_port_close(&port);
}

TEST(without_mbufs_nothing_is_sent_and_the_call_may_be_repeated)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    struct rte_mempool *pool = port.stack->port.tx_mempools[0];
    const unsigned int kept = rte_mempool_avail_count(pool) - 15;
    void **hoard = malloc(kept * sizeof(*hoard));
    batch_t batch;
    int64_t bytes = 0;

    CHECK_EQUAL(0, rte_mempool_get_bulk(pool, hoard, kept));
    batch_fill(&batch, 16, 32, 0);
    CHECK_EQUAL(0, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(0, bytes);
    CHECK_EQUAL(16, count_of(&port, ADK_COUNT_TX_NOBUFS));
    CHECK_EQUAL(0, rte_ring_count(port.tx[0]));

    rte_mempool_put_bulk(pool, hoard, kept);
    free(hoard);
    CHECK_EQUAL(16, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(16, rte_ring_count(port.tx[0]));
    ring_port_close(&port);
}

TEST(a_payload_that_does_not_fit_the_link_is_refused_for_good_with_its_whole_batch)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 3, 1472, 0);
    batch.payloads[2].iov_len = 1473;
    CHECK_EQUAL(-EMSGSIZE, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(3, count_of(&port, ADK_COUNT_TX_TOO_LONG));
    batch.payloads[2].iov_len = SIZE_MAX;
    CHECK_EQUAL(-EMSGSIZE, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(0, bytes);
    CHECK_EQUAL(0, rte_ring_count(port.tx[0]));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(frames_of_a_thread_without_a_tx_queue_leave_through_the_one_that_has_it)
{
    ring_port_t port = port_with_peer(1, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    const frame_t arp = arp_request();
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 2, 32, 0);
    CHECK_EQUAL(2, send_batch(&port, ADK_ROLE_RECEIVER, &destination, &batch, &bytes));
    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    CHECK_EQUAL(0, rte_ring_count(port.tx[0]));

    adk_tx_progress(port.stack, &port.stack->lanes[ADK_ROLE_SENDER]);
    CHECK_EQUAL(3, rte_ring_count(port.tx[0]));
    for (int i = 0; i < 3; i++)
    {
        rte_pktmbuf_free(ring_port_take(&port, 0));
    }
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_thread_without_a_tx_queue_gets_zero_once_the_other_does_not_keep_up)
{
    ring_port_t port = port_with_peer(1, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 16, 32, 0);
    for (int i = 0; i < ADK_FORWARD_LENGTH / 16; i++)
    {
        CHECK_EQUAL(16, send_batch(&port, ADK_ROLE_RECEIVER, &destination, &batch, &bytes));
    }
    CHECK_EQUAL(0, send_batch(&port, ADK_ROLE_RECEIVER, &destination, &batch, &bytes));
    CHECK_EQUAL(16, count_of(&port, ADK_COUNT_TX_EAGAIN));
    CHECK_EQUAL(ADK_FORWARD_LENGTH, count_of(&port, ADK_COUNT_TX_PACKETS));
    ring_port_close(&port);
}

static uint16_t refuse_the_third(void *queue, struct rte_mbuf **frames, uint16_t count)
{
    (void)queue;
    (void)frames;
    return count < 2 ? count : 2;
}

TEST(a_frame_that_the_device_refuses_is_counted_and_does_not_block_the_stream)
{
    ring_port_t port = port_with_peer(3, 1024);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    port.stack->port.touches_frames = true;
    port.stack->port.needs_tx_prepare = true;
    rte_eth_fp_ops[port.stack->port.id].tx_pkt_prepare = refuse_the_third;
    batch_fill(&batch, 4, 32, 0);
    CHECK_EQUAL(4, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(2, rte_ring_count(port.tx[0]));
    CHECK_EQUAL(2, count_of(&port, ADK_COUNT_TX_PREPARE));
    rte_pktmbuf_free(ring_port_take(&port, 0));
    rte_pktmbuf_free(ring_port_take(&port, 0));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}
