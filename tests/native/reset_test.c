/* A port restart: nothing touches the port between hold and release, and traffic resumes by itself. */
#include "media.h"
#include "sending.h"
#include "suite.h"

/* rte_eth_dev_callback_process() and the device it takes are for PMDs; their header is not installed. */
extern char rte_eth_devices[];
int rte_eth_dev_callback_process(void *device, enum rte_eth_event_type event, void *result);

static int rx_calls;
static int tx_calls;

static uint16_t count_rx(void *queue, struct rte_mbuf **frames, uint16_t count)
{
    (void)queue;
    (void)frames;
    (void)count;
    rx_calls++;
    return 0;
}

static uint16_t count_tx(void *queue, struct rte_mbuf **frames, uint16_t count)
{
    (void)queue;
    (void)frames;
    (void)count;
    tx_calls++;
    return 0;
}

/* Replaces the functions that the data path calls for this port; rte_eth_dev_start() restores the device's own. */
static void watch(const ring_port_t *port)
{
    rte_eth_fp_ops[port->stack->port.id].rx_pkt_burst = count_rx;
    rte_eth_fp_ops[port->stack->port.id].tx_pkt_burst = count_tx;
    rx_calls = 0;
    tx_calls = 0;
}

static int send_one(test_media_t *test, enum adk_role_en role)
{
    adk_destination_t destination = destination_of_test(&test->port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;
    batch_fill(&batch, 1, 32, 0);
    return send_batch(&test->port, role, &destination, &batch, &bytes);
}

static test_media_t *media_with_peer(void)
{
    test_media_t *test = media_open();
    CHECK_EQUAL(0, adk_neighbour_set(test->port.stack, PEER_IPV4, PEER_MAC));
    return test;
}

static void poll_both(test_media_t *test)
{
    (void)media_poll(test, ADK_ROLE_SENDER);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
}

TEST(a_restart_waits_for_both_threads_and_neither_touches_the_port_meanwhile)
{
    test_media_t *test = media_with_peer();
    const frame_t arp = arp_request();

    poll_both(test);
    watch(&test->port);
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    CHECK_EQUAL(0, send_one(test, ADK_ROLE_SENDER));
    (void)media_poll(test, ADK_ROLE_SENDER);
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    (void)media_poll(test, ADK_ROLE_SENDER);
    CHECK_EQUAL(0, send_one(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, adk_control_transmit(test->port.stack, arp.bytes, (uint16_t)arp.length));
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, rx_calls);
    CHECK_EQUAL(0, tx_calls);

    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    CHECK_EQUAL(2, count_of(&test->port, ADK_COUNT_TX_EAGAIN));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_CONTROL_TX_FULL));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(after_a_restart_traffic_flows_both_ways_again)
{
    test_media_t *test = media_with_peer();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(32);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    poll_both(test);
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    ring_port_put(&test->port, &frame);
    poll_both(test);
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));

    CHECK_EQUAL(1, send_one(test, ADK_ROLE_SENDER));
    rte_pktmbuf_free(ring_port_take(&test->port, 0));
    poll_both(test);
    CHECK_EQUAL(1, test->deliveries->count);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(threads_that_never_polled_or_have_ended_are_not_waited_for)
{
    test_media_t *test = media_open();

    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    poll_both(test);
    adk_stack_lane_offline(test->port.stack, ADK_ROLE_SENDER);
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    media_close(test);
}

TEST(a_thread_that_begins_to_poll_during_a_restart_finds_the_port_held)
{
    test_media_t *test = media_open();

    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    watch(&test->port);
    (void)media_poll(test, ADK_ROLE_SENDER);
    CHECK_EQUAL(0, send_one(test, ADK_ROLE_SENDER));
    CHECK_EQUAL(0, rx_calls + tx_calls);
    media_close(test);
}

TEST(frames_that_waited_for_room_are_given_up_and_not_leaked)
{
    test_media_t *test = media_with_peer();
    const unsigned int room = rte_ring_free_count(test->port.tx[0]);

    for (unsigned int i = 0; i <= room; i++)
    {
        CHECK_EQUAL(1, send_one(test, ADK_ROLE_SENDER));
    }
    CHECK_EQUAL(1, test->port.stack->lanes[ADK_ROLE_SENDER].backlog_length);
    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    CHECK_EQUAL(0, test->port.stack->lanes[ADK_ROLE_SENDER].backlog_length);
    for (unsigned int i = 0; i < room; i++)
    {
        rte_pktmbuf_free(ring_port_take(&test->port, 0));
    }
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(the_devices_own_reset_event_is_a_request_until_it_is_served)
{
    test_media_t *test = media_open();
    adk_stack_t *stack = test->port.stack;

    CHECK_EQUAL(0, stack->port.id); /* rte_eth_devices starts with the device of port 0 */
    CHECK_EQUAL(0, adk_stack_reset_requested(stack));
    (void)rte_eth_dev_callback_process(rte_eth_devices, RTE_ETH_EVENT_INTR_LSC, NULL);
    CHECK_EQUAL(0, adk_stack_reset_requested(stack));
    (void)rte_eth_dev_callback_process(rte_eth_devices, RTE_ETH_EVENT_INTR_RESET, NULL);
    CHECK_EQUAL(1, adk_stack_reset_requested(stack));
    CHECK_EQUAL(0, adk_stack_reset_step(stack));
    CHECK_EQUAL(0, adk_stack_reset_requested(stack));
    adk_stack_request_reset(stack);
    CHECK_EQUAL(1, adk_stack_reset_requested(stack));
    media_close(test);
}

TEST(a_kernel_that_wants_the_device_back_is_heard)
{
    test_media_t *test = media_open();
    adk_stack_t *stack = test->port.stack;
    struct rte_eth_dev_info info;

    CHECK_EQUAL(0, rte_eth_dev_info_get(stack->port.id, &info));
    rte_dev_event_callback_process(rte_dev_name(info.device), RTE_DEV_EVENT_ADD);
    CHECK_EQUAL(0, adk_stack_removal_requested(stack));
    rte_dev_event_callback_process(rte_dev_name(info.device), RTE_DEV_EVENT_REMOVE);
    CHECK_EQUAL(1, adk_stack_removal_requested(stack));
    media_close(test);
}

TEST(a_port_that_does_not_come_back_stays_held)
{
    test_media_t *test = media_with_peer();
    const uint16_t rx_queues = test->port.stack->port.rx_queues;

    test->port.stack->port.rx_queues = 2; /* one more than the device has */
    CHECK_EQUAL(-1, adk_stack_reset_step(test->port.stack));
    CHECK(NULL != strstr(adk_error_text(), "refuses 2 RX"));
    watch(&test->port);
    CHECK_EQUAL(0, send_one(test, ADK_ROLE_SENDER));
    poll_both(test);
    CHECK_EQUAL(0, rx_calls + tx_calls);

    test->port.stack->port.rx_queues = rx_queues;
    CHECK_EQUAL(1, adk_stack_reset_step(test->port.stack));
    poll_both(test);
    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    CHECK_EQUAL(1, send_one(test, ADK_ROLE_SENDER));
    media_close(test);
}
