/* What frames say for and against the MACs in the neighbour table, and what a flood of them can do. */
#include "media.h"
#include "suite.h"

static const uint8_t EVIL_MAC[] = { 0x02, 0x66, 0x66, 0x66, 0x66, 0x66 };

static frame_t arp_from(const uint8_t *mac)
{
    frame_t frame = arp_request();
    memcpy(frame.bytes + AT_SOURCE_MAC, mac, 6);
    memcpy(frame.bytes + 22, mac, 6);
    return frame;
}

static void put_and_poll(test_media_t *test, const frame_t *frame)
{
    ring_port_put(&test->port, frame);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
}

static int events_waiting(test_media_t *test)
{
    adk_control_event_t event;
    int count = 0;
    while (1 == adk_control_receive(test->port.stack, &event))
    {
        count++;
    }
    return count;
}

TEST(a_neighbour_is_heard_by_arp_from_its_own_mac_and_no_other)
{
    test_media_t *test = media_open();
    adk_stack_t *stack = test->port.stack;
    const frame_t honest = arp_from(PEER_MAC);
    const frame_t forged = arp_from(EVIL_MAC);
    frame_t borrowed = arp_from(PEER_MAC);
    memcpy(borrowed.bytes + AT_SOURCE_MAC, EVIL_MAC, 6);

    CHECK_EQUAL(0, adk_neighbour_set(stack, PEER_IPV4, PEER_MAC));
    put_and_poll(test, &forged);
    put_and_poll(test, &borrowed);
    CHECK_EQUAL(0, adk_neighbour_was_heard(stack, PEER_IPV4));
    put_and_poll(test, &honest);
    CHECK_EQUAL(1, adk_neighbour_was_heard(stack, PEER_IPV4));
    adk_neighbour_watch(stack, PEER_IPV4);
    CHECK_EQUAL(0, adk_neighbour_was_heard(stack, PEER_IPV4));
    CHECK_EQUAL(3, events_waiting(test));
    media_close(test);
}

TEST(data_from_a_remembered_source_counts_again_after_each_watch)
{
    test_media_t *test = media_open();
    adk_stack_t *stack = test->port.stack;
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t honest = frame_of(32);
    frame_t forged = frame_of(32);
    memcpy(forged.bytes + AT_SOURCE_MAC, EVIL_MAC, 6);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    CHECK_EQUAL(0, adk_neighbour_set(stack, PEER_IPV4, PEER_MAC));
    for (int i = 0; i < 3; i++)
    {
        adk_neighbour_watch(stack, PEER_IPV4);
        put_and_poll(test, &forged);
        CHECK_EQUAL(0, adk_neighbour_was_heard(stack, PEER_IPV4));
        put_and_poll(test, &honest);
        CHECK_EQUAL(1, adk_neighbour_was_heard(stack, PEER_IPV4));
        put_and_poll(test, &honest);
        adk_neighbour_watch(stack, PEER_IPV4);
        CHECK_EQUAL(0, adk_neighbour_was_heard(stack, PEER_IPV4));
        put_and_poll(test, &honest);
        CHECK_EQUAL(1, adk_neighbour_was_heard(stack, PEER_IPV4));
    }
    CHECK_EQUAL(12, test->deliveries->count);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(what_contradicts_the_table_gets_through_a_few_times_between_two_watches)
{
    test_media_t *test = media_open();
    adk_stack_t *stack = test->port.stack;
    frame_t forged = arp_from(EVIL_MAC);
    const frame_t honest = arp_from(PEER_MAC);

    CHECK_EQUAL(0, adk_neighbour_set(stack, PEER_IPV4, PEER_MAC));
    for (uint64_t round = 1; round <= 2; round++)
    {
        adk_neighbour_watch(stack, PEER_IPV4);
        for (uint8_t i = 0; i < 100; i++)
        {
            CHECK_EQUAL(i >= ADK_DISPUTES, adk_neighbour_is_disputed(stack, PEER_IPV4));
            forged.bytes[27] = i;
            put_and_poll(test, &forged);
        }
        put_and_poll(test, &honest);
        CHECK_EQUAL(ADK_DISPUTES + 1, events_waiting(test));
        CHECK_EQUAL(round * (100 - ADK_DISPUTES), count_of(&test->port, ADK_COUNT_ARP_DISPUTED));
    }
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_full_ring_of_strangers_frames_makes_every_neighbour_disputed)
{
    test_media_t *test = media_open();
    adk_stack_t *stack = test->port.stack;
    const frame_t frame = arp_request();

    CHECK_EQUAL(0, adk_neighbour_set(stack, PEER_IPV4, PEER_MAC));
    adk_neighbour_watch(stack, PEER_IPV4);
    for (int i = 0; i < ADK_CONTROL_LENGTH; i++)
    {
        put_and_poll(test, &frame);
    }
    CHECK_EQUAL(0, adk_neighbour_is_disputed(stack, PEER_IPV4));
    put_and_poll(test, &frame);
    CHECK_EQUAL(1, adk_neighbour_is_disputed(stack, PEER_IPV4));
    adk_neighbour_watch(stack, PEER_IPV4);
    CHECK_EQUAL(0, adk_neighbour_is_disputed(stack, PEER_IPV4));
    adk_control_counts(stack)[ADK_COUNT_RX_KERNEL_DROPPED]++;
    CHECK_EQUAL(1, adk_neighbour_is_disputed(stack, PEER_IPV4));
    media_close(test);
}

TEST(looks_are_polls_that_saw_all_there_was_by_the_thread_that_hears_answers)
{
    test_media_t *test = media_open();
    const frame_t frame = arp_from(PEER_MAC);

    (void)media_poll(test, ADK_ROLE_SENDER);
    CHECK_EQUAL(0, adk_stack_looks(test->port.stack));
    for (int i = 0; i < ADK_RX_BURST_LENGTH + 1; i++)
    {
        ring_port_put(&test->port, &frame);
    }
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, adk_stack_looks(test->port.stack));
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, adk_stack_looks(test->port.stack));
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(2, adk_stack_looks(test->port.stack));
    CHECK_EQUAL(ADK_RX_BURST_LENGTH + 1, events_waiting(test));
    media_close(test);
}

TEST(an_address_that_is_no_neighbour_is_neither_heard_nor_disputed)
{
    test_media_t *test = media_open();
    const frame_t frame = arp_from(EVIL_MAC);

    put_and_poll(test, &frame);
    adk_neighbour_watch(test->port.stack, PEER_IPV4);
    CHECK_EQUAL(0, adk_neighbour_was_heard(test->port.stack, PEER_IPV4));
    CHECK_EQUAL(0, adk_neighbour_is_disputed(test->port.stack, PEER_IPV4));
    CHECK_EQUAL(1, events_waiting(test));
    media_close(test);
}
