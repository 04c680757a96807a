/*
 * What is noticed about a device that reports nothing itself: sums of its queues' statistics, and the restart they call
 * for.
 */
#include "media.h"
#include "suite.h"

/* Stands in for a count of faults: no device available here can be made to have any. */
static const char *const packets[] = { "packets", NULL };
static const char *const unknown[] = { "packets_of_tomorrow", NULL };

static void receive_one(test_media_t *test)
{
    const frame_t frame = frame_of(32);
    ring_port_put(&test->port, &frame);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
}

TEST(a_statistic_is_summed_over_the_queues_of_both_directions)
{
    test_media_t *test = media_open();
    const frame_t arp = arp_request();
    adk_port_xstats_t xstats;

    adk_port_xstats_find(&test->port.stack->port, &xstats, packets);
    CHECK_EQUAL(0, adk_port_xstats_sum(&test->port.stack->port, &xstats));
    receive_one(test);
    CHECK_EQUAL(1, adk_control_transmit(test->port.stack, arp.bytes, (uint16_t)arp.length));
    CHECK_EQUAL(2, adk_port_xstats_sum(&test->port.stack->port, &xstats));
    rte_pktmbuf_free(ring_port_take(&test->port, 2));
    media_close(test);
}

TEST(a_statistic_that_the_device_does_not_have_is_zero)
{
    test_media_t *test = media_open();
    adk_port_xstats_t xstats;

    adk_port_xstats_find(&test->port.stack->port, &xstats, unknown);
    receive_one(test);
    CHECK_EQUAL(0, adk_port_xstats_sum(&test->port.stack->port, &xstats));
    media_close(test);
}

TEST(a_device_of_the_plain_kind_misses_what_imissed_says)
{
    test_media_t *test = media_open();

    receive_one(test);
    CHECK_EQUAL(0, adk_port_missed(&test->port.stack->port));
    adk_port_xstats_find(&test->port.stack->port, &test->port.stack->port.missed_xstats, packets);
    CHECK_EQUAL(1, adk_port_missed(&test->port.stack->port));
    media_close(test);
}

TEST(each_fault_that_is_new_asks_for_one_restart)
{
    test_media_t *test = media_open();
    adk_port_t *port = &test->port.stack->port;

    adk_port_xstats_find(port, &port->fault_xstats, packets);
    adk_stack_watch_device(test->port.stack);
    CHECK(!adk_stack_reset_requested(test->port.stack));
    for (int i = 0; i < 2; i++)
    {
        receive_one(test);
        adk_stack_watch_device(test->port.stack);
        CHECK(adk_stack_reset_requested(test->port.stack));
        atomic_store_explicit(&port->is_reset_requested, false, memory_order_release);
        adk_stack_watch_device(test->port.stack);
        CHECK(!adk_stack_reset_requested(test->port.stack));
    }
    media_close(test);
}
