/* Where channels listen and send in a driver with two interfaces, and that one does not disturb the other. */
#include "suite.h"
#include "two_interfaces.h"

static int init_at(
    two_t *two, aeron_udp_channel_transport_t *transport, enum adk_role_en role, uint32_t ipv4, uint16_t udp_port)
{
    struct sockaddr_storage interface = address_of(FURTHER_IPV4, 0);
    const int result = media_init_at(
        two->media, transport, role, address_of(ipv4, udp_port), adk_is_group(ipv4) ? &interface : NULL);
    if (result < 0)
    {
        aeron_err_clear();
    }
    return result;
}

static void add_at(
    two_t *two, aeron_udp_channel_transport_t *transport, enum adk_role_en role, uint32_t ipv4, uint16_t udp_port)
{
    CHECK_EQUAL(0, init_at(two, transport, role, ipv4, udp_port));
    CHECK_EQUAL(0, adk_poller_add(&two->media->pollers[role], transport));
}

static void end(two_t *two, aeron_udp_channel_transport_t *transport, enum adk_role_en role)
{
    CHECK_EQUAL(0, adk_poller_remove(&two->media->pollers[role], transport));
    CHECK_EQUAL(0, adk_transport_close(transport));
}

static void put(const ring_port_t *port, uint32_t from, uint32_t to)
{
    frame_t frame = frame_of(32);
    put32(frame.bytes + AT_SOURCE_IPV4, from);
    put32(frame.bytes + AT_DESTINATION_IPV4, to);
    if (adk_is_group(to))
    {
        const uint8_t mac[6] = { 0x01, 0x00, 0x5e, 0x00, 0x01, 0x05 };
        memcpy(frame.bytes + AT_DESTINATION_MAC, mac, sizeof(mac));
    }
    seal(&frame);
    ring_port_put(port, &frame);
}

static int init_with_mtu(two_t *two, uint32_t ipv4, struct sockaddr_storage *peer, size_t mtu_length)
{
    aeron_udp_channel_transport_t transport = { 0 };
    const aeron_udp_channel_transport_params_t params = { .mtu_length = mtu_length };
    const int result = media_init_with(
        two->media, &transport, ADK_ROLE_SENDER, address_of(ipv4, 0), NULL, peer, params);
    if (0 == result)
    {
        CHECK_EQUAL(0, adk_transport_close(&transport));
    }
    return result;
}

/* Sends a datagram to each of the two; returns how many of them the receiver got. */
static int heard(two_t *two)
{
    const int before = two->media->deliveries->count;
    put(&two->media->port, PEER_IPV4, LOCAL_IPV4);
    put(&two->further, FURTHER_PEER_IPV4, FURTHER_IPV4);
    (void)media_poll(two->media, ADK_ROLE_RECEIVER);
    return two->media->deliveries->count - before;
}

static int send_to(aeron_udp_channel_transport_t *transport, uint32_t ipv4)
{
    uint8_t payload[32];
    struct sockaddr_storage peer = address_of(ipv4, PEER_PORT);
    struct iovec iov = { .iov_base = payload, .iov_len = sizeof(payload) };
    int64_t bytes = 0;
    memset(payload, 7, sizeof(payload));
    const int result = adk_transport_send(NULL, transport, &peer, &iov, 1, &bytes);
    aeron_err_clear();
    return result;
}

/* The source address of the next frame that left by the port; 0: there was none. */
static uint32_t sent_from(const ring_port_t *port)
{
    struct rte_mbuf *mbuf = ring_port_take(port, 0);
    if (NULL == mbuf)
    {
        return 0;
    }
    const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    const uint32_t from = (uint32_t)get16(bytes + AT_SOURCE_IPV4) << 16 | get16(bytes + AT_SOURCE_IPV4 + 2);
    CHECK_EQUAL(get16(bytes + AT_IPV4_CHECKSUM), slow_ipv4_checksum(bytes));
    rte_pktmbuf_free(mbuf);
    return from;
}

TEST(a_channel_bound_to_an_address_hears_on_its_interface_and_one_bound_to_none_on_both)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t transport;

    add_at(&two, &transport, ADK_ROLE_RECEIVER, LOCAL_IPV4, LOCAL_PORT);
    CHECK_EQUAL(1, heard(&two));
    CHECK_EQUAL(rte_cpu_to_be_32(PEER_IPV4), two.media->deliveries->list[0].source.sin_addr.s_addr);
    end(&two, &transport, ADK_ROLE_RECEIVER);
    add_at(&two, &transport, ADK_ROLE_RECEIVER, FURTHER_IPV4, LOCAL_PORT);
    CHECK_EQUAL(1, heard(&two));
    CHECK_EQUAL(rte_cpu_to_be_32(FURTHER_PEER_IPV4), two.media->deliveries->list[1].source.sin_addr.s_addr);
    end(&two, &transport, ADK_ROLE_RECEIVER);
    add_at(&two, &transport, ADK_ROLE_RECEIVER, INADDR_ANY, LOCAL_PORT);
    CHECK_EQUAL(2, heard(&two));
    end(&two, &transport, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, heard(&two));
    two_close(&two);
}

TEST(what_the_other_thread_polls_is_handed_over_on_each_interface)
{
    static const aeron_threading_mode_t modes[] = { AERON_THREADING_MODE_DEDICATED, AERON_THREADING_MODE_SHARED };
    for (int i = 0; i < 2; i++)
    {
        two_t two = two_open_with(further_settings(), modes[i]);
        aeron_udp_channel_transport_t transport;

        add_at(&two, &transport, ADK_ROLE_SENDER, INADDR_ANY, LOCAL_PORT);
        (void)media_poll(two.media, ADK_ROLE_SENDER);
        (void)heard(&two);
        (void)media_poll(two.media, ADK_ROLE_SENDER);
        CHECK_EQUAL(2, two.media->deliveries->count);
        end(&two, &transport, ADK_ROLE_SENDER);
        two_close(&two);
    }
}

TEST(two_channels_may_have_one_udp_port_on_two_interfaces_but_not_beside_one_on_both)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t first;
    aeron_udp_channel_transport_t further;
    aeron_udp_channel_transport_t both;

    CHECK_EQUAL(0, init_at(&two, &further, ADK_ROLE_RECEIVER, FURTHER_IPV4, LOCAL_PORT));
    CHECK_EQUAL(-1, init_at(&two, &both, ADK_ROLE_RECEIVER, INADDR_ANY, LOCAL_PORT));
    /* The failed one has left nothing behind on the first interface. */
    CHECK_EQUAL(0, init_at(&two, &first, ADK_ROLE_RECEIVER, LOCAL_IPV4, LOCAL_PORT));
    CHECK_EQUAL(0, adk_transport_close(&first));
    CHECK_EQUAL(0, adk_transport_close(&further));
    CHECK_EQUAL(0, init_at(&two, &both, ADK_ROLE_RECEIVER, INADDR_ANY, LOCAL_PORT));
    CHECK_EQUAL(-1, init_at(&two, &further, ADK_ROLE_RECEIVER, FURTHER_IPV4, LOCAL_PORT));
    CHECK_EQUAL(0, adk_transport_close(&both));
    two_close(&two);
}

TEST(frames_leave_by_the_interface_that_leads_to_the_peer_from_its_address)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t transport;

    add_at(&two, &transport, ADK_ROLE_SENDER, INADDR_ANY, 0);
    CHECK_EQUAL(1, send_to(&transport, PEER_IPV4));
    CHECK_EQUAL(1, send_to(&transport, FURTHER_PEER_IPV4));
    CHECK_EQUAL(LOCAL_IPV4, sent_from(&two.media->port));
    CHECK_EQUAL(FURTHER_IPV4, sent_from(&two.further));
    CHECK_EQUAL(0, sent_from(&two.media->port));
    CHECK_EQUAL(0, sent_from(&two.further));
    end(&two, &transport, ADK_ROLE_SENDER);

    add_at(&two, &transport, ADK_ROLE_SENDER, FURTHER_IPV4, 0);
    CHECK_EQUAL(-1, send_to(&transport, PEER_IPV4)); /* its interface has no gateway */
    CHECK_EQUAL(1, send_to(&transport, FURTHER_PEER_IPV4));
    CHECK_EQUAL(FURTHER_IPV4, sent_from(&two.further));
    CHECK_EQUAL(0, sent_from(&two.media->port));
    end(&two, &transport, ADK_ROLE_SENDER);
    two_close(&two);
}

TEST(an_address_of_another_interface_is_reached_within_the_driver_and_sees_who_sent)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t from;
    aeron_udp_channel_transport_t to;

    add_at(&two, &to, ADK_ROLE_RECEIVER, FURTHER_IPV4, PEER_PORT);
    add_at(&two, &from, ADK_ROLE_SENDER, LOCAL_IPV4, LOCAL_PORT);
    CHECK_EQUAL(1, send_to(&from, FURTHER_IPV4));
    CHECK_EQUAL(0, sent_from(&two.media->port));
    CHECK_EQUAL(0, sent_from(&two.further));
    (void)media_poll(two.media, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, two.media->deliveries->count);
    CHECK_EQUAL(rte_cpu_to_be_32(LOCAL_IPV4), two.media->deliveries->list[0].source.sin_addr.s_addr);
    end(&two, &from, ADK_ROLE_SENDER);
    end(&two, &to, ADK_ROLE_RECEIVER);
    two_close(&two);
}

TEST(a_group_is_heard_and_sent_to_on_the_interface_that_the_channel_names)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t transport;

    add_at(&two, &transport, ADK_ROLE_RECEIVER, GROUP_IPV4, LOCAL_PORT);
    CHECK_EQUAL(0, adk_groups_moved(two.media->port.stack));
    CHECK_EQUAL(1, adk_groups_moved(two.further.stack));
    put(&two.media->port, PEER_IPV4, GROUP_IPV4);
    put(&two.further, FURTHER_PEER_IPV4, GROUP_IPV4);
    (void)media_poll(two.media, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, two.media->deliveries->count);
    CHECK_EQUAL(rte_cpu_to_be_32(FURTHER_PEER_IPV4), two.media->deliveries->list[0].source.sin_addr.s_addr);
    CHECK_EQUAL(1, send_to(&transport, GROUP_IPV4));
    struct rte_mbuf *sent = ring_port_take(&two.further, ADK_ROLE_RECEIVER);
    CHECK(NULL != sent);
    rte_pktmbuf_free(sent);
    CHECK(NULL == ring_port_take(&two.media->port, ADK_ROLE_RECEIVER));
    end(&two, &transport, ADK_ROLE_RECEIVER);
    two_close(&two);
}

TEST(a_port_that_is_held_leaves_the_other_interface_as_it_was)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t receiver;
    aeron_udp_channel_transport_t sender;

    add_at(&two, &receiver, ADK_ROLE_RECEIVER, INADDR_ANY, LOCAL_PORT);
    add_at(&two, &sender, ADK_ROLE_SENDER, INADDR_ANY, 0);
    (void)media_poll(two.media, ADK_ROLE_SENDER);
    (void)media_poll(two.media, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, adk_stack_reset_step(two.further.stack));
    CHECK_EQUAL(1, heard(&two));
    CHECK_EQUAL(1, send_to(&sender, PEER_IPV4));
    CHECK_EQUAL(LOCAL_IPV4, sent_from(&two.media->port));
    CHECK_EQUAL(0, send_to(&sender, FURTHER_PEER_IPV4));
    (void)media_poll(two.media, ADK_ROLE_SENDER);
    (void)media_poll(two.media, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, adk_stack_reset_step(two.further.stack));
    CHECK_EQUAL(2, heard(&two) - 1); /* plus the one that had waited in the device */
    CHECK_EQUAL(1, send_to(&sender, FURTHER_PEER_IPV4));
    CHECK_EQUAL(FURTHER_IPV4, sent_from(&two.further));
    end(&two, &receiver, ADK_ROLE_RECEIVER);
    end(&two, &sender, ADK_ROLE_SENDER);
    two_close(&two);
}

TEST(a_sleep_ends_for_any_interface_but_not_for_one_that_is_held)
{
    two_t two = two_open();
    aeron_udp_channel_transport_t sender;
    adk_stack_t *first = two.media->port.stack;
    const int64_t for_ever = INT64_MAX / 2;
    adk_control_event_t event;
    adk_link_t link;

    CHECK_EQUAL(0, adk_stack_link(first, &link));
    CHECK_EQUAL(0, adk_stack_link(two.further.stack, &link));
    add_at(&two, &sender, ADK_ROLE_SENDER, INADDR_ANY, 0);
    CHECK_EQUAL(1, send_to(&sender, FURTHER_PEER_IPV4 + 1)); /* whose MAC is still unknown */
    CHECK_EQUAL(0, adk_control_sleep(first, NULL, for_ever, NULL, 0));
    CHECK_EQUAL(0, adk_control_receive(first, &event));
    CHECK_EQUAL(1, adk_control_receive(two.further.stack, &event));
    CHECK_EQUAL(FURTHER_PEER_IPV4 + 1, event.next_hop);

    CHECK_EQUAL(1, send_to(&sender, FURTHER_PEER_IPV4 + 2));
    atomic_store(&two.further.stack->port.is_held, true);
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t until_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec + 20 * 1000 * 1000;
    CHECK_EQUAL(0, adk_control_sleep(first, NULL, until_ns, NULL, 0));
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK(now.tv_sec * INT64_C(1000000000) + now.tv_nsec >= until_ns);
    CHECK_EQUAL(1, adk_control_receive(two.further.stack, &event));
    CHECK_EQUAL(0, adk_control_receive(two.further.stack, &event));
    end(&two, &sender, ADK_ROLE_SENDER);
    two_close(&two);
}

TEST(an_mtu_must_fit_every_link_that_a_channel_may_leave_by_and_no_other)
{
    adk_settings_t settings = further_settings();
    settings.mtu = 1000;
    two_t two = two_open_with(settings, AERON_THREADING_MODE_DEDICATED);
    struct sockaddr_storage near = address_of(PEER_IPV4, PEER_PORT);
    struct sockaddr_storage far = address_of(FURTHER_PEER_IPV4, PEER_PORT);

    CHECK_EQUAL(0, init_with_mtu(&two, LOCAL_IPV4, NULL, 1408));
    CHECK_EQUAL(0, init_with_mtu(&two, INADDR_ANY, &near, 1408));
    CHECK_EQUAL(-1, init_with_mtu(&two, INADDR_ANY, &far, 1408));
    CHECK(NULL != strstr(aeron_errmsg(), two.further.stack->port.name));
    CHECK_EQUAL(-1, init_with_mtu(&two, FURTHER_IPV4, NULL, 1408));
    CHECK_EQUAL(-1, init_with_mtu(&two, INADDR_ANY, NULL, 1408));
    aeron_err_clear();
    CHECK_EQUAL(0, init_with_mtu(&two, INADDR_ANY, NULL, 960));
    CHECK_EQUAL(0, init_with_mtu(&two, INADDR_ANY, &far, 960));
    two_close(&two);
}
