/* What IPv6 channels send: frames, fragments, to groups and to ourselves. */
#include "media6.h"
#include "suite.h"

#define IPV6_DESTINATION_PORT (AT_UDP6 + 2)

static frame_t frame6_from_local(const uint8_t *to, uint16_t to_port, const uint8_t *payload, uint32_t length)
{
    frame_t frame = frame6_of(length);
    uint8_t *bytes = frame.bytes;

    memcpy(bytes + AT_DESTINATION_MAC, PEER_MAC, 6);
    memcpy(bytes + AT_SOURCE_MAC, LOCAL_MAC, 6);
    memcpy(bytes + AT_SOURCE6, LOCAL_IPV6, 16);
    memcpy(bytes + AT_DESTINATION6, to, 16);
    put16(bytes + AT_UDP6, LOCAL_PORT);
    put16(bytes + IPV6_DESTINATION_PORT, to_port);
    memcpy(bytes + AT_PAYLOAD6, payload, length);
    seal6(&frame);
    return frame;
}

TEST(what_is_sent_is_the_frame_that_the_standards_have)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    uint8_t payload[1001];

    for (size_t i = 0; i < sizeof(payload); i++)
    {
        payload[i] = payload_byte((uint32_t)i);
    }
    add6(test, &transport, ADK_ROLE_SENDER, LOCAL_IPV6);
    CHECK_EQUAL(0, adk_neighbour6_set(test->port.stack, PEER_IPV6, PEER_MAC));
    for (int i = 0; i < 2; i++)
    {
        CHECK_EQUAL(1, send6(&transport, PEER_IPV6, PEER_PORT, payload, sizeof(payload)));
        const frame_t expected = frame6_from_local(PEER_IPV6, PEER_PORT, payload, sizeof(payload));
        struct rte_mbuf *sent = ring_port_take(&test->port, ADK_ROLE_SENDER);
        check_frame(&expected, sent);
        rte_pktmbuf_free(sent);
    }
    CHECK_EQUAL(1, adk_neighbour6_was_used(test->port.stack, PEER_IPV6));
    CHECK_EQUAL(0, adk_neighbour6_was_used(test->port.stack, PEER_IPV6));
    CHECK_EQUAL(-1, send6(&transport, FAR_IPV6, PEER_PORT, payload, 8));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_TX_UNREACHABLE));
    end6(test, &transport, ADK_ROLE_SENDER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_new_gateway_or_address_is_followed_by_the_next_send)
{
    test_media_t *test = media6_open();
    adk_stack_t *stack = test->port.stack;
    aeron_udp_channel_transport_t transport = { 0 };
    uint8_t payload[8] = { 0 };
    adk_control_event_t event;

    add6(test, &transport, ADK_ROLE_SENDER, LOCAL_IPV6);
    CHECK_EQUAL(-1, send6(&transport, FAR_IPV6, PEER_PORT, payload, sizeof(payload)));
    adk_gateway6_set(stack, GATEWAY_IPV6);
    CHECK_EQUAL(1, send6(&transport, FAR_IPV6, PEER_PORT, payload, sizeof(payload)));
    CHECK_EQUAL(1, adk_control_receive(stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED6, event.kind);
    CHECK_EQUAL(0, memcmp(GATEWAY_IPV6, event.next_hop6, 16));
    CHECK_EQUAL(AT_PAYLOAD6 + sizeof(payload), event.length);
    CHECK_EQUAL(get16(event.data + AT_UDP6 + 6), slow_udp6_checksum(event.data, AT_UDP6));
    CHECK_EQUAL(0, adk_control_receive(stack, &event));
    adk_gateway6_set(stack, NULL);
    CHECK_EQUAL(-1, send6(&transport, FAR_IPV6, PEER_PORT, payload, sizeof(payload)));
    end6(test, &transport, ADK_ROLE_SENDER);
    media_close(test);
}

TEST(a_peer_that_has_just_sent_needs_no_neighbour_discovery_and_its_mac_is_told)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame6_of(32);
    uint8_t payload[8] = { 0 };
    adk_control_event_t event;

    add6(test, &transport, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, send6(&transport, PEER_IPV6, PEER_PORT, payload, sizeof(payload)));
    struct rte_mbuf *sent = ring_port_take(&test->port, ADK_ROLE_RECEIVER);
    CHECK(NULL != sent);
    CHECK_EQUAL(0, memcmp(PEER_MAC, rte_pktmbuf_mtod(sent, const uint8_t *), 6));
    rte_pktmbuf_free(sent);
    CHECK_EQUAL(1, adk_control_receive(test->port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_LEARN6, event.kind);
    CHECK_EQUAL(0, memcmp(PEER_IPV6, event.next_hop6, 16));
    CHECK_EQUAL(0, memcmp(PEER_MAC, event.hint_mac, 6));
    end6(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(what_is_sent_to_our_own_address_is_heard_here_whatever_its_length)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t sender = { 0 }, receiver = { 0 };
    static uint8_t payload[8192];

    for (size_t i = 0; i < sizeof(payload); i++)
    {
        payload[i] = payload_byte((uint32_t)i);
    }
    CHECK_EQUAL(0, init6(test, &sender, ADK_ROLE_SENDER, address6_of(LOCAL_IPV6, PEER_PORT), 0));
    add6(test, &receiver, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    CHECK_EQUAL(1, send6(&sender, LOCAL_IPV6, LOCAL_PORT, payload, 100));
    CHECK_EQUAL(1, send6(&sender, LOCAL_IPV6, LOCAL_PORT, payload, sizeof(payload)));
    CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
    check_payload(&test->deliveries->list[0], 100);
    check_payload(&test->deliveries->list[1], sizeof(payload));
    check_source6(&test->deliveries->list[1], LOCAL_IPV6, 0);
    CHECK(NULL == ring_port_take(&test->port, ADK_ROLE_SENDER));
    CHECK_EQUAL(0, adk_transport_close(&sender));
    end6(test, &receiver, ADK_ROLE_RECEIVER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_long_datagram_leaves_in_fragments_that_another_driver_puts_together)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t sender = { 0 }, receiver = { 0 };
    static uint8_t payload[8000];
    struct rte_mbuf *fragment;
    int fragments = 0;

    for (size_t i = 0; i < sizeof(payload); i++)
    {
        payload[i] = payload_byte((uint32_t)i);
    }
    CHECK_EQUAL(0, init6(test, &sender, ADK_ROLE_SENDER, address6_of(LOCAL_IPV6, PEER_PORT), 0));
    add6(test, &receiver, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    CHECK_EQUAL(0, adk_neighbour6_set(test->port.stack, PEER_IPV6, PEER_MAC));
    CHECK_EQUAL(1, send6(&sender, PEER_IPV6, LOCAL_PORT, payload, sizeof(payload)));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_TX_FRAGMENTED));
    while (NULL != (fragment = ring_port_take(&test->port, ADK_ROLE_SENDER)))
    {
        /*
         * Reverses the direction: what we sent to the peer now comes from it. Swapping the addresses leaves the sum
         * unchanged.
         */
        uint8_t *bytes = rte_pktmbuf_mtod(fragment, uint8_t *);
        CHECK(fragment->pkt_len <= 14 + 1500);
        CHECK_EQUAL(fragment->pkt_len, AT_UDP6 + (uint32_t)get16(bytes + AT_PAYLOAD_LENGTH6));
        CHECK_EQUAL(44, bytes[AT_NEXT_HEADER6]);
        memcpy(bytes, LOCAL_MAC, 6);
        memcpy(bytes + AT_SOURCE_MAC, PEER_MAC, 6);
        memcpy(bytes + AT_SOURCE6, PEER_IPV6, 16);
        memcpy(bytes + AT_DESTINATION6, LOCAL_IPV6, 16);
        ring_port_put_mbuf(&test->port, ring_port_mbuf(&test->port, bytes, fragment->pkt_len));
        rte_pktmbuf_free(fragment);
        fragments++;
    }
    CHECK_EQUAL(6, fragments);
    CHECK_EQUAL(6, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_REASSEMBLED));
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], sizeof(payload));
    check_source6(&test->deliveries->list[0], PEER_IPV6, 0);
    CHECK_EQUAL(0, adk_transport_close(&sender));
    end6(test, &receiver, ADK_ROLE_RECEIVER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(fragments_that_cannot_become_a_datagram_are_counted_and_freed)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t receiver = { 0 };

    add6(test, &receiver, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    for (int i = 0; i < 3; i++)
    {
        /* Not a multiple of eight bytes; beyond 65,535 bytes ("ping of death"); ICMPv6. */
        frame_t frame = frame6_behind(44, 8, 1 == i ? 64 : 37);
        put16(frame.bytes + AT_UDP6 + 2, 1 == i ? 0xfff8 : 1);
        frame.bytes[AT_UDP6] = 2 == i ? 58 : 17;
        ring_port_put(&test->port, &frame);
    }
    CHECK_EQUAL(3, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(3, count_of(&test->port, ADK_COUNT_RX_FRAGMENT));
    end6(test, &receiver, ADK_ROLE_RECEIVER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_group_is_heard_by_all_its_channels_and_what_is_sent_there_by_ourselves_too)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 }, sender = { 0 };
    frame_t frame = frame6_of(32);
    uint8_t heard[16 * ADK_GROUPS], payload[32] = { 0 };
    const uint32_t before = adk_groups_moved(test->port.stack);

    add6(test, &first, ADK_ROLE_RECEIVER, GROUP_IPV6);
    add6(test, &second, ADK_ROLE_RECEIVER, GROUP_IPV6);
    CHECK_EQUAL(0, init6(test, &sender, ADK_ROLE_SENDER, address6_of(GROUP_IPV6, PEER_PORT), 7));
    CHECK_EQUAL(before + 3, adk_groups_moved(test->port.stack));
    CHECK_EQUAL(3, adk_groups6_heard(test->port.stack, heard, ADK_GROUPS));
    CHECK_EQUAL(0, memcmp(GROUP_IPV6, heard + 16, 16));
    to_group6(&frame, GROUP_IPV6);
    seal6(&frame);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(2, test->deliveries->count);
    check_payload(&test->deliveries->list[0], 32);
    check_payload(&test->deliveries->list[1], 32);

    CHECK_EQUAL(1, send6(&sender, GROUP_IPV6, LOCAL_PORT, payload, sizeof(payload)));
    struct rte_mbuf *sent = ring_port_take(&test->port, ADK_ROLE_SENDER);
    CHECK(NULL != sent);
    const uint8_t *bytes = rte_pktmbuf_mtod(sent, const uint8_t *);
    CHECK_EQUAL(0, memcmp(bytes, (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, 0x21 }, 6));
    CHECK_EQUAL(7, bytes[AT_HOP_LIMIT6]);
    CHECK_EQUAL(0, memcmp(bytes + AT_SOURCE6, LOCAL_IPV6, 16));
    rte_pktmbuf_free(sent);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(4, test->deliveries->count);

    end6(test, &first, ADK_ROLE_RECEIVER);
    end6(test, &second, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, adk_transport_close(&sender));
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_NOT_OUR_GROUP));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}
