/* The set-up half of Aeron's bindings: what a channel may ask for, what it is told, and how it is closed. */
#include <errno.h>

#include "media.h"
#include "suite.h"

static int init_at(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage bind_address,
    struct sockaddr_storage *peer,
    size_t mtu_length)
{
    aeron_udp_channel_transport_params_t params = { .mtu_length = mtu_length };
    memset(transport, 0xa5, sizeof(*transport));
    return adk_transport_init(
        transport, &bind_address, NULL, peer, &params, test->context, AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER);
}

/* A failed init: its errno, the words required in its message, and that the transport can be closed. */
static void check_refused(aeron_udp_channel_transport_t *transport, int result, int code, const char *const *words)
{
    CHECK_EQUAL(-1, result);
    CHECK_EQUAL(code, aeron_errcode());
    for (; NULL != *words; words++)
    {
        if (NULL == strstr(aeron_errmsg(), *words))
        {
            fprintf(stderr, "\"%s\" is not in: %s\n", *words, aeron_errmsg());
            exit(EXIT_FAILURE);
        }
    }
    aeron_err_clear();
    CHECK_EQUAL(0, adk_transport_close(transport));
}

static struct sockaddr_storage ipv6_address(void)
{
    struct sockaddr_storage storage = { .ss_family = AF_INET6 };
    return storage;
}

TEST(every_field_that_aeron_reads_is_set_whatever_was_in_memory_before)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;

    CHECK_EQUAL(0, init_at(test, &transport, address_of(LOCAL_IPV4, LOCAL_PORT), NULL, 1408));
    CHECK_EQUAL(-1, transport.fd);
    CHECK_EQUAL(-1, transport.recv_fd);
    CHECK(NULL == transport.connected_address);
    CHECK(NULL != transport.bindings_clientd);
    CHECK_EQUAL(0, transport.timestamp_flags);
    CHECK(&test->error_log == transport.error_log);
    CHECK(aeron_system_counter_addr(&test->system_counters, AERON_SYSTEM_COUNTER_ERRORS) == transport.errors_counter);
    for (int i = 0; i < AERON_UDP_CHANNEL_TRANSPORT_MAX_INTERCEPTORS; i++)
    {
        CHECK(NULL == transport.interceptor_clientds[i]);
    }
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

static void check_bound(test_media_t *test, struct sockaddr_storage bind_address, const char *expected)
{
    aeron_udp_channel_transport_t transport;
    char text[64];

    CHECK_EQUAL(0, init_at(test, &transport, bind_address, NULL, 1408));
    CHECK_EQUAL(strlen(expected), adk_transport_bind_addr_and_port(&transport, text, sizeof(text)));
    CHECK_EQUAL(0, strcmp(expected, text));
    CHECK_EQUAL(0, adk_transport_close(&transport));
}

TEST(the_bound_address_and_port_are_the_real_ones)
{
    test_media_t *test = media_open();
    check_bound(test, address_of(LOCAL_IPV4, LOCAL_PORT), "10.0.0.5:40123");
    check_bound(test, address_of(0, LOCAL_PORT), "10.0.0.5:40123");
    check_bound(test, address_of(0, 0), "10.0.0.5:32768");
    check_bound(test, address_of(LOCAL_IPV4, 0), "10.0.0.5:32769");
    media_close(test);
}

TEST(a_buffer_too_short_for_the_bound_address_is_an_error)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;
    char text[64];

    CHECK_EQUAL(0, init_at(test, &transport, address_of(LOCAL_IPV4, LOCAL_PORT), NULL, 1408));
    CHECK_EQUAL(-1, adk_transport_bind_addr_and_port(&transport, text, strlen("10.0.0.5:40123")));
    aeron_err_clear();
    CHECK_EQUAL(14, adk_transport_bind_addr_and_port(&transport, text, strlen("10.0.0.5:40123") + 1));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_port_in_use_is_refused_by_its_name)
{
    static const char *const words[] = { "10.0.0.5:40123", "in use", NULL };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t first;
    aeron_udp_channel_transport_t second;

    CHECK_EQUAL(0, init_at(test, &first, address_of(LOCAL_IPV4, LOCAL_PORT), NULL, 1408));
    check_refused(&second, init_at(test, &second, address_of(0, LOCAL_PORT), NULL, 1408), EADDRINUSE, words);
    CHECK_EQUAL(0, adk_transport_close(&first));
    CHECK_EQUAL(0, init_at(test, &second, address_of(0, LOCAL_PORT), NULL, 1408));
    CHECK_EQUAL(0, adk_transport_close(&second));
    media_close(test);
}

TEST(an_address_that_is_not_the_ports_is_refused_with_both_addresses)
{
    static const char *const words[] = { "10.0.0.9", "10.0.0.5", "AERON_DPDK_LOCAL_IPV4_ADDRESS", NULL };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;

    check_refused(
        &transport, init_at(test, &transport, address_of(PEER_IPV4, LOCAL_PORT), NULL, 1408), EADDRNOTAVAIL, words);
    media_close(test);
}

TEST(a_group_on_an_interface_that_is_not_the_ports_is_refused)
{
    static const char *const words[] = { "10.0.0.9", "IPv4 from", "AERON_DPDK_KERNEL_SOCKETS", NULL };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;
    struct sockaddr_storage elsewhere = address_of(PEER_IPV4, 0);

    const int result = media_init_at(
        test, &transport, ADK_ROLE_RECEIVER, address_of(0xe0000101, LOCAL_PORT), &elsewhere);
    check_refused(&transport, result, EADDRNOTAVAIL, words);
    media_close(test);
}

TEST(ipv6_is_refused_to_bind_and_to_connect)
{
    static const char *const words[] = { "IPv6", "IPv4 from", NULL };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;
    struct sockaddr_storage address = ipv6_address();

    check_refused(&transport, init_at(test, &transport, address, NULL, 1408), EAFNOSUPPORT, words);
    check_refused(&transport, init_at(test, &transport, address_of(0, 0), &address, 1408), EAFNOSUPPORT, words);
    media_close(test);
}

TEST(a_peer_that_cannot_be_reached_is_refused_with_the_setting_that_is_missing)
{
    static const char *const words[] = { "203.0.113.7", "AERON_DPDK_GATEWAY_IPV4_ADDRESS", NULL };
    adk_settings_t settings = ring_settings();
    settings.gateway_ipv4 = 0;
    test_media_t *test = media_open_with(settings, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport;
    struct sockaddr_storage peer = address_of(0xcb007107, PEER_PORT);

    check_refused(&transport, init_at(test, &transport, address_of(0, 0), &peer, 1408), ENETUNREACH, words);
    media_close(test);
}

TEST(a_channel_mtu_that_does_not_fit_the_link_is_refused_with_both_numbers_and_one_that_fits)
{
    static const char *const words[] = { "1473", "1500", "mtu=1472", "AERON_DPDK_MTU", NULL };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;

    CHECK_EQUAL(0, init_at(test, &transport, address_of(0, 0), NULL, 1472));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    check_refused(&transport, init_at(test, &transport, address_of(0, 0), NULL, 1473), EINVAL, words);
    check_refused(&transport, init_at(test, &transport, address_of(0, 0), NULL, SIZE_MAX), EINVAL, words + 1);
    media_close(test);
}

TEST(a_channel_without_an_mtu_is_refused)
{
    static const char *const words[] = { "mtu_length", NULL };
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;
    struct sockaddr_storage any = address_of(0, 0);

    check_refused(&transport, init_at(test, &transport, any, NULL, 0), EINVAL, words);
    const int result = adk_transport_init(
        &transport, &any, NULL, NULL, NULL, test->context, AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER);
    check_refused(&transport, result, EINVAL, words);
    media_close(test);
}

TEST(a_refused_channel_leaves_its_port_free)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;
    struct sockaddr_storage nobody = address_of(0xf0000001, PEER_PORT);

    CHECK_EQUAL(-1, init_at(test, &transport, address_of(0, LOCAL_PORT), &nobody, 1408));
    aeron_err_clear();
    CHECK_EQUAL(0, init_at(test, &transport, address_of(0, LOCAL_PORT), NULL, 1408));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(media_timestamps_are_on_when_the_channel_asks_for_them)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport;
    const aeron_udp_channel_transport_params_t params = { .mtu_length = 1408, .is_media_timestamping = true };

    CHECK_EQUAL(0, media_init_with(test, &transport, ADK_ROLE_RECEIVER, address_of(0, 0), NULL, NULL, params));
    CHECK_EQUAL(AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP, transport.timestamp_flags);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(close_is_safe_on_what_was_never_initialised_and_twice)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t never = { .fd = -1 };
    aeron_udp_channel_transport_t transport;

    CHECK_EQUAL(0, adk_transport_close(&never));
    CHECK_EQUAL(0, init_at(test, &transport, address_of(0, 0), NULL, 1408));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(close_is_safe_after_the_pollers_are_closed)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    media_close_pollers(test);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_transport_whose_port_was_taken_over_is_freed_once)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t slow;
    aeron_udp_channel_transport_t quick;

    CHECK_EQUAL(0, init_at(test, &slow, address_of(0, LOCAL_PORT), NULL, 1408));
    adk_endpoint_of(&test->port.stack->endpoints, LOCAL_PORT)->reserved_at_s -= 3;
    CHECK_EQUAL(0, init_at(test, &quick, address_of(0, LOCAL_PORT), NULL, 1408));
    CHECK_EQUAL(-1, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], &slow));
    CHECK_EQUAL(0, test->pollers[ADK_ROLE_RECEIVER].transports.length);
    aeron_err_clear();

    /* As receiver.c does after a failed poller_add. */
    CHECK_EQUAL(0, adk_transport_close(&slow));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], &quick));
    CHECK_EQUAL(0, adk_transport_close(&quick));
    adk_orphans_free(&test->media);
    media_close(test);
}

TEST(a_transport_that_aeron_forgets_gives_its_port_and_its_memory_back)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t forgotten;
    aeron_udp_channel_transport_t next;

    CHECK_EQUAL(0, init_at(test, &forgotten, address_of(0, LOCAL_PORT), NULL, 1408));
    adk_endpoint_of(&test->port.stack->endpoints, LOCAL_PORT)->reserved_at_s -= 3;
    CHECK_EQUAL(0, init_at(test, &next, address_of(0, LOCAL_PORT), NULL, 1408));
    CHECK_EQUAL(0, adk_transport_close(&next));
    adk_orphans_free(&test->media);
    media_close(test);
}
