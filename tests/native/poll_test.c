/* From the RX ring to Aeron's receive function, and what becomes of every frame that does not get that far. */
#include "media.h"
#include "suite.h"

TEST(a_datagram_reaches_the_receive_function_with_all_that_belongs_to_its_channel)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    aeron_udp_channel_data_paths_t data_paths;
    int endpoint;
    int destination;
    int64_t bytes = 1000;

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    transport.data_paths = &data_paths;
    transport.dispatch_clientd = &endpoint;
    transport.destination_clientd = &destination;
    const frame_t frame = frame_of(333);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll_bytes(test, ADK_ROLE_RECEIVER, &bytes));

    const delivery_t *delivery = &test->deliveries->list[0];
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(1000 + 333, bytes);
    CHECK(&data_paths == delivery->data_paths);
    CHECK(&transport == delivery->transport);
    CHECK(&endpoint == delivery->endpoint_clientd);
    CHECK(&destination == delivery->destination_clientd);
    CHECK(!delivery->has_timestamp);
    CHECK_EQUAL(rte_cpu_to_be_32(PEER_IPV4), delivery->source.sin_addr.s_addr);
    CHECK_EQUAL(rte_cpu_to_be_16(PEER_PORT), delivery->source.sin_port);
    check_payload(delivery, 333);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_poll_delivers_more_datagrams_than_the_message_vector_has_room_for)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(32);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    for (int i = 0; i < 20; i++)
    {
        ring_port_put(&test->port, &frame);
    }
    CHECK_EQUAL(20, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(20, test->deliveries->count);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(one_poll_is_bounded_however_many_frames_wait)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(32);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    for (int i = 0; i < 200; i++)
    {
        ring_port_put(&test->port, &frame);
    }
    CHECK(media_poll(test, ADK_ROLE_RECEIVER) <= ADK_RX_BURST_LENGTH);
    CHECK_EQUAL(test->deliveries->count, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

/* Damages the frame in one of several ways; returns the count it must end up in, or -1 if it is still delivered. */
static int bend(frame_t *frame, int kind)
{
    switch (kind)
    {
        case 0:
            frame->length = 13;
            return ADK_COUNT_RX_TRUNCATED;
        case 1:
            frame->bytes[AT_DESTINATION_MAC + 5] ^= 0xff;
            return ADK_COUNT_RX_NOT_OUR_MAC;
        case 2:
            put16(frame->bytes + AT_ETHERTYPE, 0x86dd);
            return ADK_COUNT_RX_ETHERTYPE;
        case 3:
            frame->bytes[AT_VERSION_IHL] = 0x44;
            return ADK_COUNT_RX_IPV4_HEADER;
        case 4:
            frame->bytes[AT_IPV4_CHECKSUM] ^= 1;
            return ADK_COUNT_RX_IPV4_CHECKSUM;
        case 5:
            put16(frame->bytes + AT_FRAGMENT, 0x2000);
            seal_ipv4(frame);
            return ADK_COUNT_RX_FRAGMENT;
        case 6:
            put32(frame->bytes + AT_DESTINATION_IPV4, LOCAL_IPV4 ^ 1);
            seal(frame);
            return ADK_COUNT_RX_NOT_OUR_ADDRESS;
        case 7:
            put32(frame->bytes + AT_SOURCE_IPV4, 0x7f000001);
            seal(frame);
            return ADK_COUNT_RX_MARTIAN_SOURCE;
        case 8:
            frame->bytes[AT_PROTOCOL] = 6;
            seal_ipv4(frame);
            return ADK_COUNT_RX_PROTOCOL;
        case 9:
            put16(frame->bytes + AT_UDP_LENGTH, 7);
            return ADK_COUNT_RX_UDP_HEADER;
        case 10:
            frame->bytes[AT_PAYLOAD] ^= 1;
            return ADK_COUNT_RX_UDP_CHECKSUM;
        case 11:
            put16(frame->bytes + AT_DESTINATION_PORT, 1);
            seal(frame);
            return ADK_COUNT_RX_NO_ENDPOINT;
        default:
            return -1;
    }
}

TEST(every_frame_ends_in_exactly_one_count_or_is_delivered)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    uint64_t expected[ADK_COUNT_SIZE] = { 0 };
    int delivered = 0;

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    for (int i = 0; i < 13 * 17; i++)
    {
        frame_t frame = frame_of((uint32_t)(32 + i));
        const int count = bend(&frame, i % 13);
        ring_port_put(&test->port, &frame);
        expected[count < 0 ? ADK_COUNT_RX_PACKETS : count]++;
        delivered += count < 0;
        expected[ADK_COUNT_RX_BYTES] += frame.length;
    }
    expected[ADK_COUNT_RX_PACKETS] = 13 * 17;
    while (media_poll(test, ADK_ROLE_RECEIVER) > 0)
    {
    }

    CHECK_EQUAL(delivered, test->deliveries->count);
    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        CHECK_EQUAL(expected[i], adk_count_value(test->port.stack, i));
    }
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

static void check_last_frame_noted(const test_media_t *test, uint32_t ipv4, uint8_t last_octet_of_mac)
{
    adk_lane_t *lane = &test->port.stack->lanes[ADK_ROLE_RECEIVER];
    const adk_source_t *source = adk_lane_source(lane, rte_cpu_to_be_32(ipv4));
    CHECK_EQUAL(rte_cpu_to_be_32(ipv4), source->ipv4_be);
    CHECK_EQUAL(last_octet_of_mac, source->mac[5]);
}

TEST(sources_that_change_their_mac_or_end_in_the_same_octet_are_all_heard)
{
    static const uint32_t other_ipv4 = PEER_IPV4 ^ 0x00000100;
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    for (int i = 0; i < 6; i++)
    {
        const uint32_t source = 0 == i % 2 ? PEER_IPV4 : other_ipv4;
        frame_t frame = frame_of(32);
        frame.bytes[AT_SOURCE_MAC + 5] = (uint8_t)i;
        put32(frame.bytes + AT_SOURCE_IPV4, source);
        seal(&frame);
        ring_port_put(&test->port, &frame);
        ring_port_put(&test->port, &frame);
        CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(2 * (i + 1), test->deliveries->count);
        CHECK_EQUAL(rte_cpu_to_be_32(source), test->deliveries->list[2 * i + 1].source.sin_addr.s_addr);
        check_last_frame_noted(test, source, (uint8_t)i);
    }
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(nobody_else_may_come_from_our_address_even_after_we_sent_to_ourselves)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage ourselves = address_of(LOCAL_IPV4, LOCAL_PORT);
    uint8_t payload[32] = { 0 };
    struct iovec message = { .iov_base = payload, .iov_len = sizeof(payload) };
    int64_t bytes = 0;
    frame_t frame = frame_of(32);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    CHECK_EQUAL(1, adk_transport_send(NULL, &transport, &ourselves, &message, 1, &bytes));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);

    memcpy(frame.bytes + AT_SOURCE_MAC, LOCAL_MAC, sizeof(LOCAL_MAC));
    put32(frame.bytes + AT_SOURCE_IPV4, LOCAL_IPV4);
    seal(&frame);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_MARTIAN_SOURCE));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(frames_for_the_control_plane_get_there_whole)
{
    test_media_t *test = media_open();
    adk_control_event_t event;
    const frame_t frame = arp_request();

    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, adk_control_receive(test->port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_FRAME, event.kind);
    CHECK_EQUAL(frame.length, event.length);
    CHECK_EQUAL(0, memcmp(frame.bytes, event.data, frame.length));
    CHECK_EQUAL(0, adk_control_receive(test->port.stack, &event));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_flood_of_frames_for_the_control_plane_costs_counted_drops)
{
    test_media_t *test = media_open();
    adk_control_event_t event;
    const frame_t frame = arp_request();

    for (int i = 0; i < ADK_CONTROL_LENGTH + 100; i++)
    {
        ring_port_put(&test->port, &frame);
    }
    while (media_poll(test, ADK_ROLE_RECEIVER) > 0)
    {
    }
    CHECK_EQUAL(100, count_of(&test->port, ADK_COUNT_CONTROL_FULL));
    for (int i = 0; i < ADK_CONTROL_LENGTH; i++)
    {
        CHECK_EQUAL(1, adk_control_receive(test->port.stack, &event));
    }
    CHECK_EQUAL(0, adk_control_receive(test->port.stack, &event));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_datagram_in_several_segments_is_delivered_in_one_piece)
{
    static const uint16_t splits[][4] = { { 14 }, { 1, 1, 1 }, { 41, 1 }, { 42 }, { 20, 700, 3 }, { 0, 50 } };
    static const int counts[] = { 2, 4, 3, 2, 4, 3 };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(1400);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
    {
        ring_port_put_mbuf(&test->port, chain_of(&test->port, &frame, splits[i], counts[i]));
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(i + 1, test->deliveries->count);
        check_payload(&test->deliveries->list[i], 1400);
    }
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_bad_checksum_in_the_last_segment_is_noticed)
{
    static const uint16_t split[] = { 60 };
    test_media_t *test = media_open();
    frame_t frame = frame_of(1400);

    frame.bytes[frame.length - 1] ^= 1;
    ring_port_put_mbuf(&test->port, chain_of(&test->port, &frame, split, 2));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_UDP_CHECKSUM));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_checksum_is_computed_unless_the_device_vouches_for_it)
{
    static const struct
    {
        uint64_t flag;
        bool is_vouched;
    } cases[] = {
        { RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, false },
        { RTE_MBUF_F_RX_L4_CKSUM_BAD, false },
        { RTE_MBUF_F_RX_L4_CKSUM_GOOD, true },
        { RTE_MBUF_F_RX_L4_CKSUM_NONE, true }, /* rte_mbuf_core.h: wrong in the frame, but the data is intact */
    };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t bad = frame_of(32);
    const frame_t good = frame_of(32);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    bad.bytes[AT_PAYLOAD] ^= 1;
    for (int i = 0; i < 4; i++)
    {
        const frame_t *const frames[] = { &bad, &good };
        test->deliveries->count = 0;
        for (int k = 0; k < 2; k++)
        {
            struct rte_mbuf *mbuf = ring_port_mbuf(&test->port, frames[k]->bytes, frames[k]->length);
            mbuf->ol_flags = cases[i].flag;
            ring_port_put_mbuf(&test->port, mbuf);
        }
        CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(cases[i].is_vouched ? 2 : 1, test->deliveries->count);
    }
    CHECK_EQUAL(2, count_of(&test->port, ADK_COUNT_RX_UDP_CHECKSUM));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_connected_transport_hears_only_its_peer)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    frame_t frame = frame_of(32);

    CHECK_EQUAL(0, media_init(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT, &peer));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], &transport));
    ring_port_put(&test->port, &frame);
    put16(frame.bytes + AT_SOURCE_PORT, PEER_PORT + 1);
    seal(&frame);
    ring_port_put(&test->port, &frame);
    put16(frame.bytes + AT_SOURCE_PORT, PEER_PORT);
    put32(frame.bytes + AT_SOURCE_IPV4, PEER_IPV4 + 1);
    seal(&frame);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(3, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(2, count_of(&test->port, ADK_COUNT_RX_NO_ENDPOINT));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

static int64_t nanoseconds(struct timespec time)
{
    return time.tv_sec * ADK_NS_PER_S + time.tv_nsec;
}

TEST(all_datagrams_of_a_burst_have_one_time_where_the_device_has_none)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(32);

    media_add_with_timestamps(test, &transport);
    ring_port_put(&test->port, &frame);
    ring_port_put(&test->port, &frame);
    struct timespec before;
    struct timespec after;
    CHECK_EQUAL(0, clock_gettime(CLOCK_REALTIME, &before));
    CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, clock_gettime(CLOCK_REALTIME, &after));

    const delivery_t *given = test->deliveries->list;
    CHECK(given[0].has_timestamp && given[1].has_timestamp && given[2].has_timestamp);
    CHECK(nanoseconds(before) <= nanoseconds(given[0].timestamp));
    CHECK_EQUAL(nanoseconds(given[0].timestamp), nanoseconds(given[1].timestamp));
    CHECK(nanoseconds(given[1].timestamp) < nanoseconds(given[2].timestamp));
    CHECK(nanoseconds(given[2].timestamp) <= nanoseconds(after));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}
