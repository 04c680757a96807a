/* IPv6 channels on the port: what Aeron receives for them, with IPv4 channels present. */
#include "bad_setup.h"
#include "media6.h"
#include "sending.h"
#include "suite.h"

TEST(a_channel_hears_its_peer_again_and_again_and_is_told_its_address)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame6_of(100);

    add6(test, &transport, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    for (int i = 0; i < 3; i++)
    {
        ring_port_put(&test->port, &frame);
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(i + 1, test->deliveries->count);
        CHECK(&transport == test->deliveries->list[i].transport);
        check_payload(&test->deliveries->list[i], 100);
        check_source6(&test->deliveries->list[i], PEER_IPV6, 0);
    }
    end6(test, &transport, ADK_ROLE_RECEIVER);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(3, test->deliveries->count);
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_NO_ENDPOINT));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(a_setup_that_aeron_must_not_see_reaches_it_as_a_datagram_of_no_bytes)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame6_of(sizeof(BAD_SETUP));

    memcpy(frame.bytes + AT_PAYLOAD6, &BAD_SETUP, sizeof(BAD_SETUP));
    seal6(&frame);
    add6(test, &transport, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(0, test->deliveries->list[0].length);
    end6(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(a_link_local_peer_has_the_scope_of_the_port)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame6_of(32);

    memcpy(frame.bytes + AT_SOURCE6, PEER_LINK_LOCAL_IPV6, 16);
    memcpy(frame.bytes + AT_DESTINATION6, LINK_LOCAL_IPV6, 16);
    seal6(&frame);
    add6(test, &transport, ADK_ROLE_RECEIVER, ANY_IPV6);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    check_source6(&test->deliveries->list[0], PEER_LINK_LOCAL_IPV6, ADK_SCOPE_ID);
    end6(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(a_channel_bound_to_one_address_hears_no_other_of_ours)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame6_of(32);

    add6(test, &transport, ADK_ROLE_RECEIVER, LINK_LOCAL_IPV6);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_NO_ENDPOINT));
    end6(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(channels_of_both_families_share_a_port_number_and_hear_their_own_frames_only)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t four = { 0 }, six = { 0 };
    frame_t frame4 = frame_of(32), frame6 = frame6_of(64);

    media_add(test, &four, ADK_ROLE_RECEIVER, LOCAL_PORT);
    add6(test, &six, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    ring_port_put(&test->port, &frame4);
    ring_port_put(&test->port, &frame6);
    CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK(&four == test->deliveries->list[0].transport);
    CHECK(&six == test->deliveries->list[1].transport);

    end6(test, &four, ADK_ROLE_RECEIVER);
    end6(test, &six, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(a_channel_bound_to_no_address_hears_both_families_and_answers_both)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t six = { 0 }, four = { 0 };
    static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 9 };
    frame_t frame = frame_of(32);
    uint8_t payload[32] = { 1 };

    add6(test, &six, ADK_ROLE_RECEIVER, ANY_IPV6);
    CHECK_EQUAL(-1, media_init(test, &four, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    CHECK_EQUAL(EADDRINUSE, aeron_errcode());
    aeron_err_clear();
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], 32);
    check_source6(&test->deliveries->list[0], mapped, 0);

    CHECK_EQUAL(0, adk_neighbour_set(test->port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(1, send6(&six, mapped, PEER_PORT, payload, sizeof(payload)));
    const struct iovec iov = { .iov_base = payload, .iov_len = sizeof(payload) };
    const frame_t expected = frame_from_local(PEER_MAC, PEER_IPV4, &iov);
    struct rte_mbuf *sent = ring_port_take(&test->port, ADK_ROLE_RECEIVER);
    check_frame(&expected, sent);
    rte_pktmbuf_free(sent);

    end6(test, &six, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, media_init(test, &four, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    CHECK_EQUAL(0, adk_transport_close(&four));
    media_close(test);
}

TEST(data_from_a_neighbours_mac_is_heard_after_each_watch)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame6_of(32);

    add6(test, &transport, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    CHECK_EQUAL(0, adk_neighbour6_set(test->port.stack, PEER_IPV6, PEER_MAC));
    for (int i = 0; i < 3; i++)
    {
        adk_neighbour6_watch(test->port.stack, PEER_IPV6);
        CHECK_EQUAL(0, adk_neighbour6_was_heard(test->port.stack, PEER_IPV6));
        ring_port_put(&test->port, &frame);
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(1, adk_neighbour6_was_heard(test->port.stack, PEER_IPV6));
    }
    CHECK_EQUAL(0, adk_neighbour6_is_disputed(test->port.stack, PEER_IPV6));
    end6(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(advertisements_of_another_mac_are_rationed)
{
    test_media_t *test = media6_open();
    frame_t frame = frame6_around(58, 32);

    frame.bytes[AT_HOP_LIMIT6] = 255;
    frame.bytes[AT_UDP6] = 136;
    memcpy(frame.bytes + AT_UDP6 + 8, PEER_IPV6, 16);
    memcpy(frame.bytes + AT_UDP6 + 24, (const uint8_t[]){ 2, 1, 2, 0, 0, 0, 0, 0x66 }, 8);
    CHECK_EQUAL(0, adk_neighbour6_set(test->port.stack, PEER_IPV6, PEER_MAC));
    for (int i = 0; i < ADK_DISPUTES + 4; i++)
    {
        ring_port_put(&test->port, &frame);
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    }
    CHECK_EQUAL(4, count_of(&test->port, ADK_COUNT_NDP_DISPUTED));
    CHECK_EQUAL(1, adk_neighbour6_is_disputed(test->port.stack, PEER_IPV6));
    CHECK_EQUAL(0, adk_neighbour6_was_heard(test->port.stack, PEER_IPV6));
    memcpy(frame.bytes + AT_UDP6 + 26, PEER_MAC, 6);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, adk_neighbour6_was_heard(test->port.stack, PEER_IPV6));
    media_close(test);
}

TEST(what_the_other_threads_channel_hears_is_handed_to_it)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t sender = { 0 };
    frame_t frame = frame6_of(32);

    add6(test, &sender, ADK_ROLE_SENDER, LOCAL_IPV6);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    check_payload(&test->deliveries->list[0], 32);
    check_source6(&test->deliveries->list[0], PEER_IPV6, 0);
    end6(test, &sender, ADK_ROLE_SENDER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(an_address_that_is_not_ours_or_a_port_without_ipv6_is_refused_in_a_sentence)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };

    CHECK_EQUAL(-1, init6(test, &transport, ADK_ROLE_RECEIVER, address6_of(FAR_IPV6, LOCAL_PORT), 0));
    CHECK_EQUAL(EADDRNOTAVAIL, aeron_errcode());
    aeron_err_clear();
    media_close(test);

    test = media_open();
    CHECK_EQUAL(-1, init6(test, &transport, ADK_ROLE_RECEIVER, address6_of(LOCAL_IPV6, LOCAL_PORT), 0));
    CHECK_EQUAL(EAFNOSUPPORT, aeron_errcode());
    CHECK(NULL != strstr(aeron_errmsg(), "AERON_DPDK_LOCAL_IPV6_ADDRESS"));
    aeron_err_clear();
    CHECK_EQUAL(-1, init6(test, &transport, ADK_ROLE_RECEIVER, address6_of(GROUP_IPV6, LOCAL_PORT), 0));
    CHECK_EQUAL(EAFNOSUPPORT, aeron_errcode());
    aeron_err_clear();
    media_close(test);
}

TEST(a_transport_tells_its_address_as_aeron_writes_it)
{
    test_media_t *test = media6_open();
    aeron_udp_channel_transport_t transport = { 0 };
    char text[AERON_NETUTIL_FORMATTED_MAX_LENGTH];

    add6(test, &transport, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    CHECK(adk_transport_bind_addr_and_port(&transport, text, sizeof(text)) > 0);
    CHECK_EQUAL(0, strcmp("[2001:db8::5]:40123", text));
    end6(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}
