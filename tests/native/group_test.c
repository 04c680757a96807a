/* Multicast on the port: which transports hear a group, what is sent to one, and what comes back to ourselves. */
#include <errno.h>

#include "media.h"
#include "port/multicast.h"
#include "sending.h"
#include "suite.h"
#include "transport/group.h"

#define GROUP (0xe0000101u)
#define OTHER_GROUP (0xe0800101u)     /* maps to the same MAC */
#define AT_TTL (22)

static const uint8_t GROUP_MAC[] = { 0x01, 0x00, 0x5e, 0x00, 0x01, 0x01 };

static int init(
    test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role, uint32_t group, uint8_t ttl)
{
    struct sockaddr_storage interface = address_of(LOCAL_IPV4, 0);
    const aeron_udp_channel_transport_params_t params = { .mtu_length = 1408, .ttl = ttl };
    return media_init_with(test, transport, role, address_of(group, LOCAL_PORT), &interface, NULL, params);
}

static void add(test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role, uint32_t group)
{
    CHECK_EQUAL(0, init(test, transport, role, group, 0));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[role], transport));
}

static void end(test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role)
{
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[role], transport));
    CHECK_EQUAL(0, adk_transport_close(transport));
}

static void put(test_media_t *test, uint32_t group)
{
    frame_t frame = frame_of(32);
    memcpy(frame.bytes, GROUP_MAC, sizeof(GROUP_MAC));
    put32(frame.bytes + AT_DESTINATION_IPV4, group);
    seal(&frame);
    ring_port_put(&test->port, &frame);
}

static void check_delivered(const test_media_t *test, int at, const aeron_udp_channel_transport_t *transport)
{
    CHECK(at < test->deliveries->count);
    CHECK(transport == test->deliveries->list[at].transport);
    check_payload(&test->deliveries->list[at], 32);
}

TEST(each_channel_of_a_group_hears_it_whatever_the_others_do_with_the_bytes)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 }, other = { 0 };

    add(test, &first, ADK_ROLE_RECEIVER, GROUP);
    add(test, &second, ADK_ROLE_RECEIVER, GROUP);
    add(test, &other, ADK_ROLE_RECEIVER, OTHER_GROUP);
    put(test, GROUP);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(2, test->deliveries->count);
    check_delivered(test, 0, &first);
    check_delivered(test, 1, &second);

    end(test, &first, ADK_ROLE_RECEIVER);
    put(test, GROUP);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(3, test->deliveries->count);
    check_delivered(test, 2, &second);
    end(test, &second, ADK_ROLE_RECEIVER);
    end(test, &other, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(the_control_plane_learns_which_groups_are_heard_and_when_that_changes)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t first = { 0 }, second = { 0 };
    uint32_t heard[ADK_GROUPS];
    const uint32_t before = adk_groups_moved(test->port.stack);

    CHECK_EQUAL(0, adk_groups_heard(test->port.stack, heard, ADK_GROUPS));
    add(test, &first, ADK_ROLE_RECEIVER, GROUP);
    add(test, &second, ADK_ROLE_SENDER, OTHER_GROUP);
    CHECK_EQUAL(before + 2, adk_groups_moved(test->port.stack));
    CHECK_EQUAL(2, adk_groups_heard(test->port.stack, heard, ADK_GROUPS));
    CHECK_EQUAL(GROUP, heard[0]);
    CHECK_EQUAL(OTHER_GROUP, heard[1]);

    end(test, &first, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(before + 3, adk_groups_moved(test->port.stack));
    CHECK_EQUAL(1, adk_groups_heard(test->port.stack, heard, ADK_GROUPS));
    CHECK_EQUAL(OTHER_GROUP, heard[0]);
    CHECK_EQUAL(0, adk_groups_heard(test->port.stack, heard, ADK_GROUPS - 1));
    end(test, &second, ADK_ROLE_SENDER);
    media_close(test);
}

static void put_igmp(test_media_t *test, uint32_t source, uint32_t group)
{
    frame_t frame = frame_with_options(8, 4);
    adk_multicast_mac(group, frame.bytes);
    frame.bytes[AT_PROTOCOL] = IPPROTO_IGMP;
    put32(frame.bytes + AT_SOURCE_IPV4, source);
    put32(frame.bytes + AT_DESTINATION_IPV4, group);
    seal_ipv4(&frame);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
}

TEST(what_queriers_ask_is_for_the_control_plane_and_what_hosts_tell_routers_is_not)
{
    static const struct
    {
        uint32_t source, group;
        int count;                    /* of a drop; ADK_COUNT_SIZE for none */
    } cases[] = {
        { PEER_IPV4, 0xe0000001, ADK_COUNT_SIZE },
        { 0, 0xe0000001, ADK_COUNT_SIZE }, /* a switch that has no address */
        { PEER_IPV4, GROUP, ADK_COUNT_SIZE },
        { PEER_IPV4, 0xe0000002, ADK_COUNT_RX_NOT_OUR_GROUP },
        { PEER_IPV4, 0xe0000016, ADK_COUNT_RX_NOT_OUR_GROUP },
        { LOCAL_IPV4, 0xe0000001, ADK_COUNT_RX_MARTIAN_SOURCE },
        { 0x7f000001, 0xe0000001, ADK_COUNT_RX_MARTIAN_SOURCE },
    };
    for (size_t i = 0; i < RTE_DIM(cases); i++)
    {
        test_media_t *test = media_open();
        adk_control_event_t event;
        put_igmp(test, cases[i].source, cases[i].group);
        CHECK_EQUAL(ADK_COUNT_SIZE == cases[i].count, adk_control_receive(test->port.stack, &event));
        if (ADK_COUNT_SIZE != cases[i].count)
        {
            CHECK_EQUAL(1, adk_count_value(test->port.stack, cases[i].count));
        }
        media_close(test);
    }
}

TEST(a_group_that_nobody_hears_is_a_drop)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };

    add(test, &transport, ADK_ROLE_RECEIVER, GROUP);
    put(test, OTHER_GROUP);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(1, adk_count_value(test->port.stack, ADK_COUNT_RX_NOT_OUR_GROUP));
    end(test, &transport, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(sender_and_receiver_may_hear_the_same_group)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };

    add(test, &receiver, ADK_ROLE_RECEIVER, GROUP);
    add(test, &sender, ADK_ROLE_SENDER, GROUP);
    put(test, GROUP);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    CHECK_EQUAL(2, test->deliveries->count);
    check_delivered(test, 0, &receiver);
    check_delivered(test, 1, &sender);

    end(test, &receiver, ADK_ROLE_RECEIVER);
    put(test, GROUP);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    check_delivered(test, 2, &sender);
    end(test, &sender, ADK_ROLE_SENDER);
    media_close(test);
}

TEST(on_one_thread_the_senders_group_needs_no_ring)
{
    test_media_t *test = media_open_with(ring_settings(), AERON_THREADING_MODE_SHARED_NETWORK);
    aeron_udp_channel_transport_t receiver = { 0 }, sender = { 0 };

    add(test, &receiver, ADK_ROLE_RECEIVER, GROUP);
    add(test, &sender, ADK_ROLE_SENDER, GROUP);
    (void)media_poll(test, ADK_ROLE_SENDER);
    put(test, GROUP);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(2, test->deliveries->count);
    check_delivered(test, 0, &sender);
    check_delivered(test, 1, &receiver);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    end(test, &sender, ADK_ROLE_SENDER);
    media_close(test);
}

static struct rte_mbuf *send_to_group(test_media_t *test, aeron_udp_channel_transport_t *transport)
{
    struct sockaddr_storage group = address_of(GROUP, LOCAL_PORT);
    int64_t bytes = 0;
    batch_t batch;

    batch_fill(&batch, 1, 32, 0);
    CHECK_EQUAL(1, adk_transport_send(NULL, transport, &group, batch.payloads, 1, &bytes));
    CHECK_EQUAL(32, bytes);
    struct rte_mbuf *mbuf = ring_port_take(&test->port, 0);
    CHECK(NULL != mbuf);
    return mbuf;
}

TEST(a_datagram_to_a_group_leaves_at_once_with_the_ttl_of_the_channel)
{
    static const uint8_t ttls[][2] = { { 0, 1 }, { 7, 7 } };
    for (size_t i = 0; i < RTE_DIM(ttls); i++)
    {
        test_media_t *test = media_open();
        aeron_udp_channel_transport_t sender = { 0 };

        CHECK_EQUAL(0, init(test, &sender, ADK_ROLE_SENDER, GROUP + 1, ttls[i][0]));
        CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_SENDER], &sender));
        struct rte_mbuf *mbuf = send_to_group(test, &sender);
        const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);
        CHECK_EQUAL(0, memcmp(bytes, GROUP_MAC, sizeof(GROUP_MAC)));
        CHECK_EQUAL(ttls[i][1], bytes[AT_TTL]);
        CHECK_EQUAL(0, slow_checksum(slow_sum(bytes + 14, 20)));
        CHECK_EQUAL(slow_udp_checksum(bytes), get16(bytes + AT_UDP_CHECKSUM));
        CHECK_EQUAL(0, adk_count_value(test->port.stack, ADK_COUNT_LOOPBACK_PACKETS));
        rte_pktmbuf_free(mbuf);
        end(test, &sender, ADK_ROLE_SENDER);
        media_close(test);
    }
}

TEST(what_is_sent_to_a_group_comes_back_to_those_of_us_who_hear_it)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t sender = { 0 }, receiver = { 0 };

    add(test, &sender, ADK_ROLE_SENDER, GROUP + 1);
    add(test, &receiver, ADK_ROLE_RECEIVER, GROUP);
    rte_pktmbuf_free(send_to_group(test, &sender));
    CHECK_EQUAL(1, adk_count_value(test->port.stack, ADK_COUNT_LOOPBACK_PACKETS));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(32, test->deliveries->list[0].length);
    CHECK_EQUAL(LOCAL_IPV4, rte_be_to_cpu_32(test->deliveries->list[0].source.sin_addr.s_addr));
    end(test, &sender, ADK_ROLE_SENDER);
    end(test, &receiver, ADK_ROLE_RECEIVER);
    media_close(test);
}

TEST(a_full_table_refuses_the_channel_and_frees_what_it_had_taken)
{
    static aeron_udp_channel_transport_t transports[ADK_GROUPS];
    aeron_udp_channel_transport_t one_more = { 0 };
    test_media_t *test = media_open();

    for (int i = 0; i < ADK_GROUPS; i++)
    {
        CHECK_EQUAL(0, init(test, &transports[i], ADK_ROLE_RECEIVER, GROUP, 0));
    }
    CHECK_EQUAL(-1, init(test, &one_more, ADK_ROLE_RECEIVER, GROUP, 0));
    CHECK_EQUAL(ENOBUFS, aeron_errcode());
    aeron_err_clear();
    CHECK_EQUAL(0, adk_transport_close(&transports[7]));
    CHECK_EQUAL(0, init(test, &transports[7], ADK_ROLE_RECEIVER, GROUP, 0));
    for (int i = 0; i < ADK_GROUPS; i++)
    {
        CHECK_EQUAL(0, adk_transport_close(&transports[i]));
    }
    media_close(test);
}
