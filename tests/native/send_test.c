/* The sending half of Aeron's bindings. */
#include <errno.h>

#include "media.h"
#include "sending.h"
#include "suite.h"

static test_media_t *media_with_peer(void)
{
    test_media_t *test = media_open();
    CHECK_EQUAL(0, adk_neighbour_set(test->port.stack, PEER_IPV4, PEER_MAC));
    return test;
}

static void check_sent(test_media_t *test, uint32_t ipv4, uint16_t udp_port)
{
    struct rte_mbuf *mbuf = ring_port_take(&test->port, 0);
    CHECK(NULL != mbuf);
    const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    CHECK_EQUAL(ipv4, (uint32_t)get16(bytes + AT_DESTINATION_IPV4) << 16 | get16(bytes + AT_DESTINATION_IPV4 + 2));
    CHECK_EQUAL(udp_port, get16(bytes + AT_DESTINATION_PORT));
    CHECK_EQUAL(slow_udp_checksum(bytes), get16(bytes + AT_UDP_CHECKSUM));
    rte_pktmbuf_free(mbuf);
}

TEST(without_data_paths_and_with_bytes_already_counted_a_send_adds_to_them)
{
    test_media_t *test = media_with_peer();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    int64_t bytes = 5;
    batch_t batch;

    media_add(test, &transport, ADK_ROLE_SENDER, LOCAL_PORT);
    batch_fill(&batch, 4, 100, 0);
    CHECK_EQUAL(4, adk_transport_send(NULL, &transport, &peer, batch.payloads, batch.count, &bytes));
    CHECK_EQUAL(405, bytes);
    for (int i = 0; i < 4; i++)
    {
        check_sent(test, PEER_IPV4, PEER_PORT);
    }
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_connected_transport_sends_to_its_peer_whatever_address_it_is_given)
{
    test_media_t *test = media_with_peer();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    struct sockaddr_storage moved = address_of(PEER_IPV4, PEER_PORT + 1);
    struct sockaddr_storage other = address_of(PEER_IPV4, 1);
    int64_t bytes = 0;
    batch_t batch;

    CHECK_EQUAL(0, media_init(test, &transport, ADK_ROLE_SENDER, 0, &peer));
    CHECK(&peer == transport.connected_address);
    batch_fill(&batch, 1, 32, 0);
    CHECK_EQUAL(1, adk_transport_send(NULL, &transport, &other, batch.payloads, 1, &bytes));
    check_sent(test, PEER_IPV4, PEER_PORT);
    CHECK_EQUAL(1, adk_transport_send(NULL, &transport, NULL, batch.payloads, 1, &bytes));
    check_sent(test, PEER_IPV4, PEER_PORT);

    CHECK_EQUAL(0, adk_transport_reconnect(&transport, &moved));
    CHECK_EQUAL(1, adk_transport_send(NULL, &transport, &peer, batch.payloads, 1, &bytes));
    check_sent(test, PEER_IPV4, PEER_PORT + 1);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(reconnecting_what_was_never_connected_changes_nothing)
{
    test_media_t *test = media_with_peer();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);

    CHECK_EQUAL(0, media_init(test, &transport, ADK_ROLE_SENDER, 0, NULL));
    CHECK_EQUAL(0, adk_transport_reconnect(&transport, &peer));
    CHECK(NULL == transport.connected_address);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(more_peers_than_a_transport_keeps_headers_for_are_all_reached)
{
    test_media_t *test = media_with_peer();
    aeron_udp_channel_transport_t transport = { 0 };
    batch_t batch;

    media_add(test, &transport, ADK_ROLE_SENDER, LOCAL_PORT);
    batch_fill(&batch, 1, 32, 0);
    for (uint32_t i = 0; i < 400; i++)
    {
        /* Far and near peers in turn, over four times as many ports as there are prepared headers. */
        const uint16_t udp_port = (uint16_t)(PEER_PORT + i % (4 * ADK_DESTINATIONS));
        struct sockaddr_storage peer = address_of(PEER_IPV4, udp_port);
        int64_t bytes = 0;
        CHECK_EQUAL(1, adk_transport_send(NULL, &transport, &peer, batch.payloads, 1, &bytes));
        check_sent(test, PEER_IPV4, udp_port);
    }
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(what_never_can_be_sent_is_an_error_that_names_the_peer)
{
    test_media_t *test = media_with_peer();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage nobody = address_of(0xf0000001, 7777);
    struct sockaddr_storage ipv6 = { .ss_family = AF_INET6 };
    int64_t bytes = 0;
    batch_t batch;

    media_add(test, &transport, ADK_ROLE_SENDER, LOCAL_PORT);
    batch_fill(&batch, 1, 32, 0);
    CHECK_EQUAL(-1, adk_transport_send(NULL, &transport, &nobody, batch.payloads, 1, &bytes));
    CHECK_EQUAL(ENETUNREACH, aeron_errcode());
    CHECK(NULL != strstr(aeron_errmsg(), "240.0.0.1:7777"));
    aeron_err_clear();
    CHECK_EQUAL(-1, adk_transport_send(NULL, &transport, &ipv6, batch.payloads, 1, &bytes));
    CHECK_EQUAL(EAFNOSUPPORT, aeron_errcode());
    aeron_err_clear();
    CHECK_EQUAL(0, bytes);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(the_receivers_answers_leave_through_its_own_queue_to_the_mac_it_heard)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    const frame_t setup = frame_of(40);
    int64_t bytes = 0;
    batch_t batch;

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    ring_port_put(&test->port, &setup);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    batch_fill(&batch, 1, 36, 0);
    CHECK_EQUAL(1, adk_transport_send(NULL, &transport, &peer, batch.payloads, 1, &bytes));

    struct rte_mbuf *mbuf = ring_port_take(&test->port, 1);
    const frame_t expected = frame_from_local(PEER_MAC, PEER_IPV4, &batch.payloads[0]);
    check_frame(&expected, mbuf);
    rte_pktmbuf_free(mbuf);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}
