/* Channels that the kernel carries in addition to the port: which ones, and real datagrams over real sockets. */
#include <errno.h>

#include "bad_setup.h"
#include "media.h"
#include "sending.h"
#include "suite.h"
#include "transport/kernel.h"

#define LOOPBACK UINT32_C(0x7f000001)
#define ELSEWHERE UINT32_C(0xc0a80007)

static test_media_t *media_with(enum adk_kernel_sockets_en kernel_sockets)
{
    adk_settings_t settings = ring_settings();
    settings.kernel_sockets = (uint8_t)kernel_sockets;
    settings.prefix_length = 24;
    settings.gateway_ipv4 = 0;
    return media_open_with(settings, AERON_THREADING_MODE_DEDICATED);
}

static struct sockaddr_storage ipv6_loopback(uint16_t udp_port)
{
    struct sockaddr_storage storage = { 0 };
    *(struct sockaddr_in6 *)&storage = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                                                              .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                                              .sin6_port = rte_cpu_to_be_16(udp_port) };
    return storage;
}

static int init(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    enum adk_role_en role,
    struct sockaddr_storage bind_address,
    struct sockaddr_storage *remote)
{
    return media_init_at(test, transport, role, bind_address, remote);
}

static void add(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    enum adk_role_en role,
    struct sockaddr_storage bind_address,
    struct sockaddr_storage *remote)
{
    CHECK_EQUAL(0, init(test, transport, role, bind_address, remote));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[role], transport));
}

static void end(test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role)
{
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[role], transport));
    CHECK_EQUAL(0, adk_transport_close(transport));
}

static int poll_once(test_media_t *test, enum adk_role_en role)
{
    static uint8_t buffers[2][9216];
    struct sockaddr_storage sources[2];
    struct iovec vectors[2];
    struct mmsghdr messages[2] = { 0 };
    int64_t bytes = 0;

    for (int i = 0; i < 2; i++)
    {
        vectors[i] = (struct iovec){ .iov_base = buffers[i], .iov_len = sizeof(buffers[i]) };
        messages[i].msg_hdr.msg_name = &sources[i];
        messages[i].msg_hdr.msg_namelen = sizeof(sources[i]);
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    return adk_poller_poll(
        &test->pollers[role], messages, 2, &bytes, record_delivery, adk_transport_recvmmsg, test->deliveries);
}

/* Loopback delivers within the send call; only the interval between two polls of an empty socket has to pass. */
static void await(test_media_t *test, enum adk_role_en role, int deliveries)
{
    for (int i = 0; i < 1000 * 1000 && test->deliveries->count < deliveries; i++)
    {
        (void)poll_once(test, role);
    }
    CHECK_EQUAL(deliveries, test->deliveries->count);
}

static int64_t value_of(test_media_t *test, const aeron_udp_channel_transport_t *transport)
{
    const adk_transport_t *state = transport->bindings_clientd;
    return *aeron_counters_manager_addr(&test->counters, state->counter_id);
}

static uint16_t bound_port(aeron_udp_channel_transport_t *transport)
{
    char text[64];
    CHECK(adk_transport_bind_addr_and_port(transport, text, sizeof(text)) > 0);
    return (uint16_t)atoi(strrchr(text, ':') + 1);
}

static void send_one(aeron_udp_channel_transport_t *transport, struct sockaddr_storage *peer, uint16_t length)
{
    int64_t bytes = 0;
    batch_t batch;
    batch_fill(&batch, 1, length, 0);
    CHECK_EQUAL(1, adk_transport_send(NULL, transport, peer, batch.payloads, 1, &bytes));
    CHECK_EQUAL(length, bytes);
}

TEST(a_channel_on_loopback_is_the_kernels_and_the_port_sees_nothing_of_it)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_LOOPBACK);
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };

    add(test, &receiver, ADK_ROLE_RECEIVER, address_of(LOOPBACK, 0), NULL);
    struct sockaddr_storage peer = address_of(LOOPBACK, bound_port(&receiver));
    add(test, &sender, ADK_ROLE_SENDER, address_of(0, 0), &peer);
    CHECK_EQUAL(ADK_MEDIUM_KERNEL, value_of(test, &receiver));
    CHECK_EQUAL(ADK_MEDIUM_KERNEL, value_of(test, &sender));

    send_one(&sender, &peer, 100);
    await(test, ADK_ROLE_RECEIVER, 1);
    const delivery_t *delivery = &test->deliveries->list[0];
    CHECK_EQUAL(100, delivery->length);
    CHECK_EQUAL(payload_byte(99), delivery->bytes[99]);
    CHECK(&receiver == delivery->transport);
    CHECK_EQUAL(LOOPBACK, rte_be_to_cpu_32(delivery->source.sin_addr.s_addr));
    CHECK(NULL == ring_port_take(&test->port, 0));

    /* And back to its source, as a status message would go. */
    struct sockaddr_storage back = address_of(LOOPBACK, rte_be_to_cpu_16(delivery->source.sin_port));
    send_one(&receiver, &back, 60);
    await(test, ADK_ROLE_SENDER, 2);
    end(test, &sender, ADK_ROLE_SENDER);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(a_setup_that_aeron_must_not_see_does_not_reach_it_through_a_socket_either)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_LOOPBACK);
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };
    struct iovec payload = { .iov_base = (void *)(uintptr_t)&BAD_SETUP, .iov_len = sizeof(BAD_SETUP) };
    int64_t bytes = 0;

    add(test, &receiver, ADK_ROLE_RECEIVER, address_of(LOOPBACK, 0), NULL);
    struct sockaddr_storage peer = address_of(LOOPBACK, bound_port(&receiver));
    add(test, &sender, ADK_ROLE_SENDER, address_of(0, 0), &peer);
    CHECK_EQUAL(1, adk_transport_send(NULL, &sender, &peer, &payload, 1, &bytes));
    await(test, ADK_ROLE_RECEIVER, 1);
    CHECK_EQUAL(0, test->deliveries->list[0].length);
    end(test, &sender, ADK_ROLE_SENDER);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(a_wildcard_channel_with_a_port_of_its_own_hears_on_both)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_LOOPBACK);
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };
    struct sockaddr_storage peer = address_of(LOOPBACK, LOCAL_PORT);
    const frame_t frame = frame_of(32);

    add(test, &receiver, ADK_ROLE_RECEIVER, address_of(0, LOCAL_PORT), NULL);
    CHECK_EQUAL(ADK_MEDIUM_PORT | ADK_MEDIUM_KERNEL, value_of(test, &receiver));
    add(test, &sender, ADK_ROLE_SENDER, address_of(0, 0), &peer);

    ring_port_put(&test->port, &frame);
    await(test, ADK_ROLE_RECEIVER, 1);
    send_one(&sender, &peer, 48);
    await(test, ADK_ROLE_RECEIVER, 2);
    CHECK_EQUAL(48, test->deliveries->list[1].length);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    end(test, &sender, ADK_ROLE_SENDER);
    media_close(test);
}

TEST(a_publication_with_many_destinations_gets_a_socket_at_the_first_one_on_loopback)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_LOOPBACK);
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };
    struct sockaddr_storage on_wire = address_of(PEER_IPV4, PEER_PORT);

    CHECK_EQUAL(0, adk_neighbour_set(test->port.stack, PEER_IPV4, PEER_MAC));
    add(test, &sender, ADK_ROLE_SENDER, address_of(0, 0), NULL);
    CHECK_EQUAL(ADK_MEDIUM_PORT, value_of(test, &sender));
    CHECK_EQUAL(-1, sender.fd);

    add(test, &receiver, ADK_ROLE_RECEIVER, address_of(LOOPBACK, 0), NULL);
    struct sockaddr_storage here = address_of(LOOPBACK, bound_port(&receiver));
    send_one(&sender, &here, 100);
    CHECK_EQUAL(ADK_MEDIUM_PORT | ADK_MEDIUM_KERNEL, value_of(test, &sender));
    await(test, ADK_ROLE_RECEIVER, 1);

    send_one(&sender, &on_wire, 100);
    struct rte_mbuf *mbuf = ring_port_take(&test->port, 0);
    CHECK(NULL != mbuf);
    rte_pktmbuf_free(mbuf);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    end(test, &sender, ADK_ROLE_SENDER);
    media_close(test);
}

TEST(without_a_channel_on_the_kernel_no_poll_looks_beyond_the_port)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_ALL);
    aeron_udp_channel_transport_t on_port = { 0 }, on_loopback = { 0 };
    const adk_lane_t *lane = &test->port.stack->lanes[ADK_ROLE_RECEIVER];

    add(test, &on_port, ADK_ROLE_RECEIVER, address_of(LOCAL_IPV4, LOCAL_PORT), NULL);
    CHECK(!lane->has_side_work);
    add(test, &on_loopback, ADK_ROLE_RECEIVER, address_of(LOOPBACK, 0), NULL);
    CHECK(lane->has_side_work);
    end(test, &on_loopback, ADK_ROLE_RECEIVER);
    CHECK(!lane->has_side_work);
    end(test, &on_port, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(an_empty_socket_is_left_alone_for_a_while)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_LOOPBACK);
    aeron_udp_channel_transport_t receiver = { 0 };

    add(test, &receiver, ADK_ROLE_RECEIVER, address_of(LOOPBACK, 0), NULL);
    (void)poll_once(test, ADK_ROLE_RECEIVER);
    adk_poller_t *poller = test->pollers[ADK_ROLE_RECEIVER].bindings_clientd;
    const uint64_t due_tsc = poller->next_kernel_poll_tsc;
    CHECK(due_tsc > 0);
    poller->next_kernel_poll_tsc = UINT64_MAX;

    aeron_udp_channel_transport_t sender = { 0 };
    struct sockaddr_storage peer = address_of(LOOPBACK, bound_port(&receiver));
    add(test, &sender, ADK_ROLE_SENDER, address_of(0, 0), &peer);
    send_one(&sender, &peer, 32);
    CHECK_EQUAL(0, poll_once(test, ADK_ROLE_RECEIVER));
    poller->next_kernel_poll_tsc = due_tsc;
    await(test, ADK_ROLE_RECEIVER, 1);

    /* Sockets that had data are polled again at once. */
    poller->next_kernel_poll_tsc = UINT64_MAX;
    send_one(&sender, &peer, 32);
    CHECK_EQUAL(1, poll_once(test, ADK_ROLE_RECEIVER));
    end(test, &sender, ADK_ROLE_SENDER);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    media_close(test);
}

static void check_media(
    enum adk_kernel_sockets_en kernel_sockets,
    struct sockaddr_storage bind,
    struct sockaddr_storage *peer,
    unsigned int media)
{
    test_media_t *test = media_with(kernel_sockets);
    CHECK_EQUAL(media, adk_kernel_media_of(test->media.stack, &bind, NULL, peer));
    media_close(test);
}

TEST(the_setting_decides_what_is_the_kernels)
{
    struct sockaddr_storage here = address_of(LOOPBACK, 1), here6 = ipv6_loopback(1);
    struct sockaddr_storage wire = address_of(PEER_IPV4, 1), far = address_of(ELSEWHERE, 1);

    check_media(ADK_KERNEL_SOCKETS_NONE, here, NULL, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_NONE, address_of(0, 7), NULL, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_NONE, address_of(0, 0), &here, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_LOOPBACK, here6, NULL, ADK_MEDIUM_KERNEL);
    check_media(ADK_KERNEL_SOCKETS_LOOPBACK, far, NULL, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_LOOPBACK, address_of(0, 0), &far, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_LOOPBACK, address_of(0, 0), &wire, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_ALL, far, NULL, ADK_MEDIUM_KERNEL);
    check_media(ADK_KERNEL_SOCKETS_ALL, address_of(LOCAL_IPV4, 7), NULL, ADK_MEDIUM_PORT);
    check_media(ADK_KERNEL_SOCKETS_ALL, address_of(0, 0), &far, ADK_MEDIUM_KERNEL);
    check_media(ADK_KERNEL_SOCKETS_ALL, address_of(0, 0), &wire, ADK_MEDIUM_PORT);
}

TEST(a_socket_that_cannot_be_bound_refuses_the_channel_and_leaves_nothing)
{
    test_media_t *test = media_with(ADK_KERNEL_SOCKETS_ALL);
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 };

    add(test, &first, ADK_ROLE_RECEIVER, address_of(LOOPBACK, 0), NULL);
    const uint16_t taken = bound_port(&first);
    CHECK_EQUAL(-1, init(test, &second, ADK_ROLE_RECEIVER, address_of(0, taken), NULL));
    CHECK_EQUAL(EADDRINUSE, aeron_errcode());
    CHECK(NULL != strstr(aeron_errmsg(), "AERON_DPDK_KERNEL_SOCKETS"));
    aeron_err_clear();
    CHECK_EQUAL(-1, second.fd);
    CHECK_EQUAL(0, adk_transport_close(&second));
    CHECK_EQUAL(ADK_ENDPOINT_FREE, adk_endpoint_state(adk_endpoint_of(&test->port.stack->endpoints, taken)));
    end(test, &first, ADK_ROLE_RECEIVER);
    media_close(test);
}
