/* Two IPv6 addresses of one interface on one UDP port: as with the kernel, each can have its own channel. */
#include "media6.h"
#include "sending.h"
#include "suite.h"

static const uint8_t SECOND_IPV6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x77 };

static test_media_t *media_with_two(aeron_threading_mode_t mode)
{
    test_media_t *test = media6_open_with(mode, 0);
    CHECK_EQUAL(0, adk_local6_set(test->port.stack, SECOND_IPV6, 64, ADK_LOCAL6_USABLE));
    return test;
}

static frame_t frame_to(const uint8_t *ipv6)
{
    frame_t frame = frame6_of(32);
    memcpy(frame.bytes + AT_DESTINATION6, ipv6, 16);
    seal6(&frame);
    return frame;
}

/* The transport that hears the next frame to that address; NULL: none does. */
static const aeron_udp_channel_transport_t *hearer_of(test_media_t *test, const uint8_t *ipv6)
{
    const frame_t frame = frame_to(ipv6);
    const int before = test->deliveries->count;

    ring_port_put(&test->port, &frame);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    (void)media_poll(test, ADK_ROLE_SENDER);
    CHECK(test->deliveries->count <= before + 1);
    return test->deliveries->count > before ? test->deliveries->list[before].transport : NULL;
}

static int init_at(test_media_t *test, aeron_udp_channel_transport_t *transport, const uint8_t *ipv6)
{
    return init6(test, transport, ADK_ROLE_RECEIVER, address6_of(ipv6, LOCAL_PORT), 0);
}

TEST(each_address_has_its_own_hearer_on_one_port)
{
    test_media_t *test = media_with_two(AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 }, third = { 0 };

    add6(test, &first, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    add6(test, &second, ADK_ROLE_RECEIVER, SECOND_IPV6);
    add6(test, &third, ADK_ROLE_RECEIVER, LINK_LOCAL_IPV6);
    for (int i = 0; i < 2; i++)
    {
        CHECK(&first == hearer_of(test, LOCAL_IPV6));
        CHECK(&second == hearer_of(test, SECOND_IPV6));
        CHECK(&third == hearer_of(test, LINK_LOCAL_IPV6));
    }
    end6(test, &second, ADK_ROLE_RECEIVER);
    CHECK(NULL == hearer_of(test, SECOND_IPV6));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_NO_ENDPOINT));
    CHECK(&first == hearer_of(test, LOCAL_IPV6));
    end6(test, &first, ADK_ROLE_RECEIVER);
    CHECK(NULL == hearer_of(test, LOCAL_IPV6));
    CHECK(&third == hearer_of(test, LINK_LOCAL_IPV6));
    end6(test, &third, ADK_ROLE_RECEIVER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

static void check_two_roles(aeron_threading_mode_t mode)
{
    test_media_t *test = media_with_two(mode);
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };

    add6(test, &sender, ADK_ROLE_SENDER, LOCAL_IPV6);
    add6(test, &receiver, ADK_ROLE_RECEIVER, SECOND_IPV6);
    for (int i = 0; i < 2; i++)
    {
        CHECK(&sender == hearer_of(test, LOCAL_IPV6));
        CHECK(&receiver == hearer_of(test, SECOND_IPV6));
    }
    end6(test, &receiver, ADK_ROLE_RECEIVER);
    end6(test, &sender, ADK_ROLE_SENDER);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(the_two_may_be_of_sender_and_receiver)
{
    check_two_roles(AERON_THREADING_MODE_DEDICATED);
    check_two_roles(AERON_THREADING_MODE_SHARED);
}

TEST(what_is_sent_to_an_address_of_ours_finds_that_addresses_hearer)
{
    test_media_t *test = media_with_two(AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 }, source = { 0 };
    uint8_t payload[16] = { 1 };

    add6(test, &first, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    add6(test, &second, ADK_ROLE_RECEIVER, SECOND_IPV6);
    CHECK_EQUAL(0, init6(test, &source, ADK_ROLE_SENDER, address6_of(LOCAL_IPV6, 0), 0));
    CHECK_EQUAL(1, send6(&source, SECOND_IPV6, LOCAL_PORT, payload, sizeof(payload)));
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK(&second == test->deliveries->list[0].transport);
    end6(test, &second, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, send6(&source, SECOND_IPV6, LOCAL_PORT, payload, sizeof(payload)));
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(0, adk_transport_close(&source));
    end6(test, &first, ADK_ROLE_RECEIVER);
    media_close(test);
}

static void check_is_taken(test_media_t *test, const uint8_t *ipv6)
{
    aeron_udp_channel_transport_t transport = { 0 };
    CHECK_EQUAL(-1, init_at(test, &transport, ipv6));
    CHECK_EQUAL(EADDRINUSE, aeron_errcode());
    aeron_err_clear();
}

TEST(an_address_and_all_addresses_have_no_port_twice_in_whichever_order)
{
    test_media_t *test = media_with_two(AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 }, all = { 0 };

    add6(test, &first, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    add6(test, &second, ADK_ROLE_RECEIVER, SECOND_IPV6);
    check_is_taken(test, LOCAL_IPV6);
    check_is_taken(test, SECOND_IPV6);
    check_is_taken(test, ANY_IPV6);
    end6(test, &first, ADK_ROLE_RECEIVER);
    check_is_taken(test, SECOND_IPV6);
    check_is_taken(test, ANY_IPV6);
    add6(test, &first, ADK_ROLE_RECEIVER, LOCAL_IPV6);
    end6(test, &first, ADK_ROLE_RECEIVER);
    end6(test, &second, ADK_ROLE_RECEIVER);
    add6(test, &all, ADK_ROLE_RECEIVER, ANY_IPV6);
    check_is_taken(test, SECOND_IPV6);
    CHECK(&all == hearer_of(test, SECOND_IPV6));
    end6(test, &all, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(an_ephemeral_port_is_none_that_the_address_has_already)
{
    test_media_t *test = media_with_two(AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 }, chosen = { 0 };
    const uint16_t next = ADK_EPHEMERAL_PORT_FIRST;

    CHECK_EQUAL(0, init6(test, &first, ADK_ROLE_RECEIVER, address6_of(LOCAL_IPV6, next), 0));
    CHECK_EQUAL(0, init6(test, &second, ADK_ROLE_RECEIVER, address6_of(SECOND_IPV6, next), 0));
    CHECK_EQUAL(0, adk_transport_close(&first));
    CHECK_EQUAL(0, init6(test, &chosen, ADK_ROLE_RECEIVER, address6_of(SECOND_IPV6, 0), 0));
    CHECK_EQUAL(next + 1, ((const adk_transport_t *)chosen.bindings_clientd)->port);
    CHECK_EQUAL(0, adk_transport_close(&chosen));
    CHECK_EQUAL(0, adk_transport_close(&second));
    media_close(test);
}
