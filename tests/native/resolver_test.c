/*
 * The name resolver's transport: what it receives waits in bounded rings; for what it sends, it asks the control plane
 * for a MAC.
 */
#include <errno.h>

#include "resolver.h"
#include "suite.h"

#define HEARD_LENGTH (256)

static int64_t heard_bytes;

static void open_resolver(test_resolver_t *test)
{
    heard_bytes = 0;
    resolver_open(test, media_open(), address_of(LOCAL_IPV4, LOCAL_PORT));
}

static int look(test_resolver_t *test)
{
    return resolver_look(test, &heard_bytes);
}

static void put(test_resolver_t *test, uint32_t payload_length)
{
    const frame_t frame = resolution_of(payload_length, whole_name_length(payload_length));
    ring_port_put(&test->media->port, &frame);
    CHECK_EQUAL(1, media_poll(test->media, ADK_ROLE_RECEIVER));
}

TEST(what_is_sent_to_the_resolver_is_heard_by_it_and_by_no_channel)
{
    test_resolver_t test;

    open_resolver(&test);
    resolver_start(&test);
    put(&test, 48);
    CHECK_EQUAL(0, test.media->deliveries->count);
    CHECK_EQUAL(1, look(&test));
    CHECK_EQUAL(1, heard);
    CHECK_EQUAL(48, heard_bytes);
    CHECK_EQUAL(48, heard_length);
    const struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    CHECK_EQUAL(0, memcmp(&peer, &heard_from, sizeof(struct sockaddr_in)));
    CHECK_EQUAL(0, look(&test));
    resolver_close(&test);
}

TEST(an_entry_that_is_not_whole_reaches_the_resolver_as_a_datagram_of_no_bytes)
{
    test_resolver_t test;
    const frame_t frame = resolution_of(48, -1);

    open_resolver(&test);
    resolver_start(&test);
    ring_port_put(&test.media->port, &frame);
    CHECK_EQUAL(1, media_poll(test.media, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, look(&test));
    CHECK_EQUAL(1, heard);
    CHECK_EQUAL(0, heard_length);
    resolver_close(&test);
}

TEST(a_resolver_that_does_not_look_costs_counted_drops)
{
    test_resolver_t test;
    int seen = 0;

    open_resolver(&test);
    resolver_start(&test);
    for (int i = 0; i < HEARD_LENGTH + 44; i++)
    {
        put(&test, 48);
    }
    for (int count = look(&test); count > 0; count = look(&test))
    {
        seen += count;
    }
    CHECK(seen >= HEARD_LENGTH - 1);
    CHECK_EQUAL(HEARD_LENGTH + 44 - seen, adk_count_value(test.media->port.stack, ADK_COUNT_HANDOFF_FULL));
    resolver_close(&test);
}

TEST(what_waits_for_a_resolver_that_ends_is_freed)
{
    test_resolver_t test;

    open_resolver(&test);
    resolver_start(&test);
    put(&test, 48);
    resolver_close(&test); /* the suite checks for leaked mbufs */
}

TEST(what_the_resolver_sends_is_a_whole_frame_that_lacks_its_mac)
{
    test_resolver_t test;

    open_resolver(&test);
    struct sockaddr_storage peer = address_of(PEER_IPV4, PEER_PORT);
    const frame_t expected = frame_of(48);
    struct iovec payload = { .iov_base = (void *)(uintptr_t)(expected.bytes + AT_PAYLOAD), .iov_len = 48 };
    adk_control_event_t event;
    int64_t bytes = 0;

    CHECK_EQUAL(1, adk_resolver_bindings.send_func(NULL, &test.transport, &peer, &payload, 1, &bytes));
    CHECK_EQUAL(48, bytes);
    CHECK_EQUAL(1, adk_control_receive(test.media->port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
    CHECK_EQUAL(PEER_IPV4, event.next_hop);
    CHECK_EQUAL(AT_PAYLOAD + 48, event.length);
    CHECK_EQUAL(LOCAL_PORT, get16(event.data + AT_SOURCE_PORT));
    CHECK_EQUAL(PEER_PORT, get16(event.data + AT_DESTINATION_PORT));
    CHECK_EQUAL(0, slow_checksum(slow_sum(event.data + 14, 20)));
    CHECK_EQUAL(slow_udp_checksum(event.data), get16(event.data + AT_UDP_CHECKSUM));
    CHECK_EQUAL(0, memcmp(event.data + AT_PAYLOAD, expected.bytes + AT_PAYLOAD, 48));
    resolver_close(&test);
}

TEST(what_the_port_does_not_reach_is_refused)
{
    test_resolver_t test;

    open_resolver(&test);
    static const uint32_t unreachable[] = { LOCAL_IPV4, 0x7f000001, 0xe0000001 };
    uint8_t byte = 0;
    struct iovec payload = { .iov_base = &byte, .iov_len = 1 };
    int64_t bytes = 0;

    for (size_t i = 0; i < RTE_DIM(unreachable); i++)
    {
        struct sockaddr_storage peer = address_of(unreachable[i], PEER_PORT);
        CHECK_EQUAL(-1, adk_resolver_bindings.send_func(NULL, &test.transport, &peer, &payload, 1, &bytes));
    }
    resolver_close(&test);
}

TEST(two_cannot_have_one_udp_port)
{
    test_resolver_t test, second;

    open_resolver(&test);
    second = (test_resolver_t){ .media = test.media };

    CHECK_EQUAL(-1, resolver_init(&second, address_of(LOCAL_IPV4, LOCAL_PORT)));
    CHECK_EQUAL(EADDRINUSE, aeron_errcode());
    CHECK_EQUAL(-1, resolver_init(&second, address_of(LOCAL_IPV4 + 1, LOCAL_PORT + 1)));
    aeron_err_clear();
    resolver_close(&test);
}
