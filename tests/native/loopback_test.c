/* Frames to the port's own address: delivered inside the driver, never given to the device. */
#include "sending.h"
#include "suite.h"

static ring_port_t port_with_endpoint(enum adk_role_en role)
{
    static int owner;
    void *stale;
    ring_port_t port = ring_port();

    CHECK_EQUAL(PEER_PORT, adk_endpoints_reserve(&port.stack->endpoints, PEER_PORT, &owner, &stale));
    CHECK_EQUAL(0, adk_endpoints_publish(&port.stack->endpoints, PEER_PORT, &owner, role));
    return port;
}

static void check_inbox(enum adk_role_en producer, enum adk_role_en consumer)
{
    ring_port_t port = port_with_endpoint(consumer);
    adk_destination_t destination = destination_of_test(&port, LOCAL_IPV4);
    void *mbufs[5];
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 5, 99, 0);
    CHECK_EQUAL(5, send_batch(&port, producer, &destination, &batch, &bytes));
    CHECK_EQUAL(5 * 99, bytes);
    CHECK_EQUAL(5, count_of(&port, ADK_COUNT_LOOPBACK_PACKETS));
    CHECK_EQUAL(0, count_of(&port, ADK_COUNT_TX_PACKETS));
    for (int queue = 0; queue < RING_PORT_QUEUES_MAX; queue++)
    {
        CHECK(NULL == ring_port_take(&port, queue));
    }

    struct rte_ring *inbox = port.stack->lanes[consumer].inbox[producer];
    CHECK_EQUAL(5, rte_ring_sc_dequeue_bulk(inbox, mbufs, 5, NULL));
    for (uint32_t i = 0; i < 5; i++)
    {
        const adk_note_t *note = adk_mbuf_note(mbufs[i]);
        CHECK_EQUAL(i, number_of(mbufs[i]));
        CHECK_EQUAL(AT_PAYLOAD, note->payload_offset);
        CHECK_EQUAL(99, note->payload_length);
        rte_pktmbuf_free(mbufs[i]);
    }
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(each_pair_of_threads_has_a_ring_of_its_own)
{
    check_inbox(ADK_ROLE_SENDER, ADK_ROLE_RECEIVER);
    check_inbox(ADK_ROLE_SENDER, ADK_ROLE_SENDER);
    check_inbox(ADK_ROLE_RECEIVER, ADK_ROLE_SENDER);
    check_inbox(ADK_ROLE_RECEIVER, ADK_ROLE_RECEIVER);
}

TEST(a_port_that_nobody_polls_swallows_frames_as_a_network_would)
{
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, LOCAL_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 3, 32, 0);
    CHECK_EQUAL(3, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(3, count_of(&port, ADK_COUNT_RX_NO_ENDPOINT));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_full_inbox_takes_nothing_of_a_batch)
{
    ring_port_t port = port_with_endpoint(ADK_ROLE_RECEIVER);
    adk_destination_t destination = destination_of_test(&port, LOCAL_IPV4);
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 15, 32, 0);
    for (int i = 0; i < ADK_INBOX_LENGTH / 15; i++)
    {
        CHECK_EQUAL(15, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    }
    bytes = 0;
    CHECK_EQUAL(0, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(0, bytes);
    CHECK_EQUAL(15, count_of(&port, ADK_COUNT_LOOPBACK_FULL));
    CHECK_EQUAL(
        ADK_INBOX_LENGTH / 15 * 15, rte_ring_count(port.stack->lanes[ADK_ROLE_RECEIVER].inbox[ADK_ROLE_SENDER]));
    ring_port_close(&port);
}
