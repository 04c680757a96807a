/* The name resolver's transport on IPv6; see resolver_test.c. */
#include "media6.h"
#include "resolver.h"
#include "suite.h"

static frame_t resolution6_of(uint32_t payload_length)
{
    frame_t frame = frame6_of(payload_length);
    write_resolution(frame.bytes + AT_PAYLOAD6, whole_name_length(payload_length));
    seal6(&frame);
    return frame;
}

static void open_at(test_resolver_t *test, const uint8_t *ipv6)
{
    resolver_open(test, media6_open(), address6_of(ipv6, LOCAL_PORT));
    resolver_start(test);
}

static void close_resolver(test_resolver_t *test)
{
    check_no_mbuf_is_missing(&test->media->port);
    resolver_close(test);
}

static int look(test_resolver_t *test)
{
    int64_t bytes = 0;
    return resolver_look(test, &bytes);
}

static void put(test_resolver_t *test, const frame_t *frame)
{
    ring_port_put(&test->media->port, frame);
    CHECK_EQUAL(1, media_poll(test->media, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, test->media->deliveries->count);
}

static int send_to(test_resolver_t *test, struct sockaddr_storage peer, size_t length)
{
    const frame_t content = frame6_of(48);
    struct iovec payload = { .iov_base = (void *)(uintptr_t)(content.bytes + AT_PAYLOAD6), .iov_len = length };
    int64_t bytes = 0;
    const int result = adk_resolver_bindings.send_func(NULL, &test->transport, &peer, &payload, 1, &bytes);
    CHECK_EQUAL(1 == result ? (int64_t)length : 0, bytes);
    aeron_err_clear();
    return result;
}

TEST(what_is_sent_to_the_resolvers_address_is_heard_by_it_and_by_no_channel)
{
    test_resolver_t test;
    const frame_t frame = resolution6_of(48);

    open_at(&test, LOCAL_IPV6);
    put(&test, &frame);
    CHECK_EQUAL(1, look(&test));
    CHECK_EQUAL(1, heard);
    CHECK_EQUAL(48, heard_length);
    const struct sockaddr_storage peer = address6_of(PEER_IPV6, PEER_PORT);
    CHECK_EQUAL(0, memcmp(&peer, &heard_from, sizeof(struct sockaddr_in6)));
    CHECK_EQUAL(0, look(&test));
    close_resolver(&test);
}

TEST(what_it_sends_is_a_whole_frame_that_lacks_its_mac)
{
    test_resolver_t test;
    const frame_t expected = frame6_of(48);
    adk_control_event_t event;

    open_at(&test, LOCAL_IPV6);
    CHECK_EQUAL(1, send_to(&test, address6_of(PEER_IPV6, PEER_PORT), 48));
    CHECK_EQUAL(1, adk_control_receive(test.media->port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED6, event.kind);
    CHECK_EQUAL(0, memcmp(event.next_hop6, PEER_IPV6, 16));
    CHECK_EQUAL(AT_PAYLOAD6 + 48, event.length);
    CHECK_EQUAL(0, memcmp(event.data + AT_SOURCE6, LOCAL_IPV6, 16));
    CHECK_EQUAL(0, memcmp(event.data + AT_DESTINATION6, PEER_IPV6, 16));
    CHECK_EQUAL(LOCAL_PORT, get16(event.data + AT_UDP6));
    CHECK_EQUAL(PEER_PORT, get16(event.data + AT_UDP6 + 2));
    CHECK_EQUAL(0, memcmp(event.data + AT_PAYLOAD6, expected.bytes + AT_PAYLOAD6, 48));
    frame_t sent = { .length = event.length };
    memcpy(sent.bytes, event.data, event.length);
    seal6(&sent);
    CHECK_EQUAL(0, memcmp(sent.bytes, event.data, event.length));
    CHECK_EQUAL(0, adk_control_receive(test.media->port.stack, &event)); /* gives the frame back */
    close_resolver(&test);
}

TEST(on_an_address_that_is_still_probed_for_it_binds_and_what_it_sends_is_lost)
{
    static const uint8_t probed[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x77 };
    test_resolver_t test;
    test_media_t *media = media6_open();
    adk_stack_t *stack = media->port.stack;
    adk_control_event_t event;

    CHECK_EQUAL(0, adk_local6_set(stack, probed, 64, ADK_LOCAL6_TENTATIVE));
    resolver_open(&test, media, address6_of(probed, LOCAL_PORT));
    CHECK_EQUAL(0, send_to(&test, address6_of(PEER_IPV6, PEER_PORT), 48));
    CHECK_EQUAL(0, adk_control_receive(stack, &event));
    CHECK_EQUAL(0, adk_local6_set(stack, probed, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(1, send_to(&test, address6_of(PEER_IPV6, PEER_PORT), 48));
    CHECK_EQUAL(1, adk_control_receive(stack, &event));
    CHECK_EQUAL(0, memcmp(event.data + AT_SOURCE6, probed, 16));
    CHECK_EQUAL(0, adk_control_receive(stack, &event)); /* gives the frame back */
    close_resolver(&test);
}

TEST(on_all_addresses_it_hears_and_answers_both_families)
{
    test_resolver_t test;
    const frame_t frame6 = resolution6_of(48);
    frame_t frame4 = frame_of(48);
    adk_control_event_t event;

    memcpy(frame4.bytes + AT_PAYLOAD, frame6.bytes + AT_PAYLOAD6, 48);
    seal(&frame4);
    open_at(&test, ANY_IPV6);
    put(&test, &frame6);
    put(&test, &frame4);
    CHECK_EQUAL(2, look(&test));
    CHECK(adk_ipv6_is_mapped(adk_ipv6_of(((struct sockaddr_in6 *)&heard_from)->sin6_addr.s6_addr)));
    CHECK_EQUAL(1, send_to(&test, heard_from, 48));
    CHECK_EQUAL(1, adk_control_receive(test.media->port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
    CHECK_EQUAL(PEER_IPV4, event.next_hop);
    CHECK_EQUAL(PEER_PORT, get16(event.data + AT_DESTINATION_PORT));
    CHECK_EQUAL(0, adk_control_receive(test.media->port.stack, &event));
    close_resolver(&test);
}

TEST(what_the_port_does_not_reach_or_carry_is_refused)
{
    test_resolver_t test, second;

    open_at(&test, LOCAL_IPV6);
    CHECK_EQUAL(-1, send_to(&test, address6_of(LOCAL_IPV6, PEER_PORT), 48));
    CHECK_EQUAL(-1, send_to(&test, address_of(PEER_IPV4, PEER_PORT), 48));
    CHECK_EQUAL(-1, send_to(&test, address6_of(PEER_IPV6, PEER_PORT), test.media->port.stack->port.mtu));
    second = (test_resolver_t){ .media = test.media };
    CHECK_EQUAL(-1, resolver_init(&second, address6_of(LOCAL_IPV6, LOCAL_PORT)));
    CHECK_EQUAL(EADDRINUSE, aeron_errcode());
    CHECK_EQUAL(-1, resolver_init(&second, address6_of(PEER_IPV6, LOCAL_PORT)));
    aeron_err_clear();
    close_resolver(&test);
}
