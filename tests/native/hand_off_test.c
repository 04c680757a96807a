/* Frames that one thread receives and the other delivers, and the modes in which one thread does both. */
#include "media.h"
#include "suite.h"

#define SENDER_PORT (40200)

static frame_t frame_to(uint16_t udp_port, uint32_t payload_length)
{
    frame_t frame = frame_of(payload_length);
    put16(frame.bytes + AT_DESTINATION_PORT, udp_port);
    seal(&frame);
    return frame;
}

TEST(a_frame_for_the_sender_is_delivered_by_the_senders_own_poll)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_to(SENDER_PORT, 48);

    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], 48);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_frame_in_segments_survives_the_way_to_the_sender)
{
    static const uint16_t split[] = { 30, 30 };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_to(SENDER_PORT, 1000);

    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    ring_port_put_mbuf(&test->port, chain_of(&test->port, &frame, split, 3));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    check_payload(&test->deliveries->list[0], 1000);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_sender_that_does_not_keep_up_costs_counted_drops)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_to(SENDER_PORT, 0);

    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    for (int i = 0; i < ADK_INBOX_LENGTH + 10; i++)
    {
        ring_port_put(&test->port, &frame);
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    }
    CHECK_EQUAL(10, count_of(&test->port, ADK_COUNT_HANDOFF_FULL));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_frame_for_a_sender_that_is_gone_meanwhile_is_counted)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_to(SENDER_PORT, 48);

    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[ADK_ROLE_SENDER], &transport));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_SENDER_DISCARD));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(threads_that_are_one_need_no_ring_between_them)
{
    test_media_t *test = media_open_with(ring_settings(), AERON_THREADING_MODE_SHARED);
    aeron_udp_channel_transport_t sender = { 0 };
    aeron_udp_channel_transport_t receiver = { 0 };
    const frame_t to_sender = frame_to(SENDER_PORT, 48);
    const frame_t to_receiver = frame_to(LOCAL_PORT, 32);

    media_add(test, &sender, ADK_ROLE_SENDER, SENDER_PORT);
    media_add(test, &receiver, ADK_ROLE_RECEIVER, LOCAL_PORT);
    CHECK_EQUAL(0, media_poll(test, ADK_ROLE_SENDER) + media_poll(test, ADK_ROLE_RECEIVER));
    for (int i = 0; i < 2; i++)
    {
        test->deliveries->count = 0;
        ring_port_put(&test->port, &to_sender);
        ring_port_put(&test->port, &to_receiver);
        CHECK_EQUAL(0, media_poll(test, ADK_ROLE_SENDER));
        CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(2, test->deliveries->count);
        CHECK(&sender == test->deliveries->list[0].transport);
        CHECK(&receiver == test->deliveries->list[1].transport);
    }
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&sender));
    CHECK_EQUAL(0, adk_transport_close(&receiver));
    media_close(test);
}

TEST(a_stranger_to_the_sender_is_a_drop_of_the_poll_that_saw_its_frame)
{
    test_media_t *test = media_open_with(ring_settings(), AERON_THREADING_MODE_SHARED);
    adk_lane_t *lane = &test->port.stack->lanes[ADK_ROLE_RECEIVER];
    aeron_udp_channel_transport_t sender = { 0 };
    struct sockaddr_storage peer = address_of(PEER_IPV4 + 1, PEER_PORT);
    const frame_t frame = frame_to(SENDER_PORT, 32);

    CHECK_EQUAL(0, media_init(test, &sender, ADK_ROLE_SENDER, SENDER_PORT, &peer));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_SENDER], &sender));
    CHECK_EQUAL(0, media_poll(test, ADK_ROLE_SENDER));
    for (uint64_t i = 1; i <= 2; i++)
    {
        lane->drop_reason = ADK_COUNT_SIZE;
        ring_port_put(&test->port, &frame);
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(0, test->deliveries->count);
        CHECK_EQUAL(i, lane->counts[ADK_COUNT_RX_NO_ENDPOINT]);
        CHECK_EQUAL(ADK_COUNT_RX_NO_ENDPOINT, lane->drop_reason);
    }
    CHECK_EQUAL(0, adk_transport_close(&sender));
    media_close(test);
}

TEST(the_lane_that_will_answer_learns_the_mac_whichever_poll_saw_the_frame)
{
    test_media_t *test = media_open_with(ring_settings(), AERON_THREADING_MODE_SHARED);
    aeron_udp_channel_transport_t sender = { 0 };
    const frame_t frame = frame_to(SENDER_PORT, 32);

    media_add(test, &sender, ADK_ROLE_SENDER, SENDER_PORT);
    CHECK_EQUAL(0, media_poll(test, ADK_ROLE_SENDER));
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));

    const adk_source_t *source = adk_lane_source(
        &test->port.stack->lanes[ADK_ROLE_SENDER], rte_cpu_to_be_32(PEER_IPV4));
    CHECK_EQUAL(rte_cpu_to_be_32(PEER_IPV4), source->ipv4_be);
    CHECK_EQUAL(0, memcmp(PEER_MAC, source->mac, 6));
    CHECK_EQUAL(0, adk_transport_close(&sender));
    media_close(test);
}
