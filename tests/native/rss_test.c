/* Two RX queues under RSS: a publication's source port is chosen by the queue that its answers arrive on. */
#include "dpdk_own.h"
#include "rss_device.h"
#include "suite.h"

#define PEERS (200)
#define FIRST_PEER (0x0a000100u)
#define DATA_PORT (20121)

static int tells_its_key = 1;
static int takes_a_table = 1;
static uint8_t key_of_its_own; /* 0: the device accepts the key that it is given */

int rte_eth_dev_info_get(uint16_t port_id, struct rte_eth_dev_info *info)
{
    const int result = DPDK_OWN(rte_eth_dev_info_get)(port_id, info);
    info->hash_key_size = RSS_KEY_LENGTH; /* net_null has one, but does not report it */
    return result;
}

int rte_eth_dev_rss_hash_conf_get(uint16_t port_id, struct rte_eth_rss_conf *conf)
{
    const int result = tells_its_key ? DPDK_OWN(rte_eth_dev_rss_hash_conf_get)(port_id, conf) : -ENOTSUP;
    for (int i = 0; 0 == result && i < RSS_KEY_LENGTH; i++)
    {
        conf->rss_key[i] = (uint8_t)(conf->rss_key[i] ^ key_of_its_own * i);
    }
    return result;
}

int rte_eth_dev_rss_reta_update(uint16_t port_id, struct rte_eth_rss_reta_entry64 *table, uint16_t length)
{
    return takes_a_table ? DPDK_OWN(rte_eth_dev_rss_reta_update)(port_id, table, length) : -ENOTSUP;
}

/* As Aeron makes a publication's transport: not connected, the peer passed where others pass a group's interface. */
static uint16_t publish_from(
    test_media_t *test, aeron_udp_channel_transport_t *transport, uint16_t own_port, uint32_t peer, uint16_t peer_port)
{
    struct sockaddr_storage peer_address = address_of(peer, peer_port);

    CHECK_EQUAL(0, media_init_at(test, transport, ADK_ROLE_SENDER, address_of(LOCAL_IPV4, own_port), &peer_address));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_SENDER], transport));
    return ((const adk_transport_t *)transport->bindings_clientd)->port;
}

static void close_all(aeron_udp_channel_transport_t *transports, int count)
{
    for (int i = 0; i < count; i++)
    {
        CHECK_EQUAL(0, adk_transport_close(&transports[i]));
    }
}

static uint64_t handed_over(const test_media_t *test)
{
    return adk_count_value(test->port.stack, ADK_COUNT_RX_HANDED_OVER);
}

static void poll_both(test_media_t *test)
{
    (void)media_poll(test, ADK_ROLE_SENDER);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    (void)media_poll(test, ADK_ROLE_SENDER);
}

TEST(the_devices_hash_is_microsofts)
{
    /* "Verifying the RSS Hash Calculation": from 66.9.149.187:2794 to 161.142.100.80:1766. */
    static const uint8_t key[] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                   0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb };
    static const uint8_t input[] = { 66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6 };
    CHECK_EQUAL(0x51ccc178, toeplitz(key, input, sizeof(input)));
}

static void check_what_peers_answer(test_media_t *test)
{
    aeron_udp_channel_transport_t transports[PEERS] = { 0 };
    adk_port_info_t info;

    CHECK_EQUAL(0, adk_stack_port_info(test->port.stack, &info));
    CHECK(info.hashed);
    CHECK(!info.steered);
    CHECK_EQUAL(2, info.rx_queues);
    for (int i = 0; i < PEERS; i++)
    {
        const uint32_t peer = FIRST_PEER + (uint32_t)i * 7919;
        const uint16_t port = publish_from(test, &transports[i], 0, peer, DATA_PORT);
        const frame_t answer = rss_frame(peer, DATA_PORT, port, 36);

        rss_put(test, &answer);
        CHECK_EQUAL(0, media_poll(test, ADK_ROLE_RECEIVER));
        CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
        CHECK_EQUAL(&transports[i], test->deliveries->list[i].transport);
    }
    CHECK_EQUAL(0, handed_over(test));
    check_no_mbuf_is_missing(&test->port);
    close_all(transports, PEERS);
    media_close(test);
}

TEST(what_a_peer_answers_comes_to_the_senders_queue)
{
    check_what_peers_answer(rss_media_open());
}

TEST(it_does_on_a_device_that_keeps_its_own_key_and_names_it)
{
    key_of_its_own = 0x3b;
    check_what_peers_answer(rss_media_open());
    key_of_its_own = 0;
}

TEST(publications_to_one_peer_have_each_a_port_of_their_own)
{
    test_media_t *test = rss_media_open();
    aeron_udp_channel_transport_t transports[PEERS] = { 0 };

    for (int i = 0; i < PEERS; i++)
    {
        const uint16_t port = publish_from(test, &transports[i], 0, PEER_IPV4, DATA_PORT);
        const frame_t answer = rss_frame(PEER_IPV4, DATA_PORT, port, 36);
        CHECK_EQUAL(1, rss_queue_of(test, &answer));
    }
    close_all(transports, PEERS);
    media_close(test);
}

TEST(more_publications_than_ports_that_suit_get_those_that_do_not)
{
    enum
    {
        MORE_THAN_SUIT = 300
    };
    test_media_t *test = rss_media_open();
    static aeron_udp_channel_transport_t transports[MORE_THAN_SUIT];
    int suited = 0;

    for (int i = 0; i < MORE_THAN_SUIT; i++)
    {
        const uint16_t port = publish_from(test, &transports[i], 0, PEER_IPV4, DATA_PORT);
        const frame_t answer = rss_frame(PEER_IPV4, DATA_PORT, port, 36);
        suited += rss_queue_of(test, &answer);
    }
    CHECK(suited > PEERS && suited < MORE_THAN_SUIT);
    close_all(transports, MORE_THAN_SUIT);
    media_close(test);
}

TEST(the_answers_to_a_port_that_the_user_chose_are_handed_over)
{
    test_media_t *test = rss_media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t answer = rss_frame(PEER_IPV4, DATA_PORT, LOCAL_PORT, 36);

    CHECK_EQUAL(LOCAL_PORT, publish_from(test, &transport, LOCAL_PORT, PEER_IPV4, DATA_PORT));
    CHECK_EQUAL(0, rss_queue_of(test, &answer));
    rss_put(test, &answer);
    poll_both(test);
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(1, handed_over(test));
    close_all(&transport, 1);
    media_close(test);
}

TEST(a_peer_that_moves_to_another_address_is_heard_there)
{
    test_media_t *test = rss_media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const uint16_t port = publish_from(test, &transport, 0, PEER_IPV4, DATA_PORT);
    const frame_t answer = rss_frame(PEER_IPV4 + 1, DATA_PORT, port, 36);

    CHECK_EQUAL(0, rss_queue_of(test, &answer));
    rss_put(test, &answer);
    poll_both(test);
    CHECK_EQUAL(1, test->deliveries->count);
    close_all(&transport, 1);
    media_close(test);
}

TEST(a_publication_to_several_peers_takes_the_next_free_port)
{
    test_media_t *test = rss_media_open();
    aeron_udp_channel_transport_t transport = { 0 };

    CHECK_EQUAL(ADK_EPHEMERAL_PORT_FIRST, publish_from(test, &transport, 0, 0, 0));
    close_all(&transport, 1);
    media_close(test);
}

TEST(of_the_frames_to_a_port_of_the_receivers_one_in_a_hundred_takes_the_long_way)
{
    enum
    {
        STREAMS = 12800
    };
    test_media_t *test = rss_media_open();
    int strayed = 0;

    for (uint32_t i = 0; i < STREAMS; i++)
    {
        const frame_t data = rss_frame(FIRST_PEER + i % 251, (uint16_t)(32768 + i % 28001), DATA_PORT, 36);
        strayed += rss_queue_of(test, &data);
    }
    CHECK(strayed > STREAMS / 128 / 2 && strayed < STREAMS / 128 * 2);
    media_close(test);
}

/* The first port from which the peer's frames to DATA_PORT arrive on the sender's queue. */
static uint16_t straying_port(const test_media_t *test)
{
    for (uint16_t port = 32768; port < 60000; port++)
    {
        const frame_t data = rss_frame(PEER_IPV4, port, DATA_PORT, 36);
        if (ADK_SENDER_RX_QUEUE == rss_queue_of(test, &data))
        {
            return port;
        }
    }
    CHECK(!"a port in the sender's share");
    return 0;
}

TEST(a_stream_that_comes_to_the_wrong_queue_is_whole_and_in_order)
{
    enum
    {
        FRAMES = 400,
        LENGTH = 64
    };
    test_media_t *test = rss_media_open();
    aeron_udp_channel_transport_t receiver = { 0 };
    const uint16_t peer_port = straying_port(test);

    media_add(test, &receiver, ADK_ROLE_RECEIVER, DATA_PORT);
    for (uint32_t i = 0; i < FRAMES; i++)
    {
        frame_t data = rss_frame(PEER_IPV4, peer_port, DATA_PORT, LENGTH);
        put32(data.bytes + AT_PAYLOAD, i);
        seal(&data);
        rss_put(test, &data);
        if (0 == i % 7)
        {
            (void)media_poll(test, ADK_ROLE_SENDER);
        }
        if (0 == i % 11)
        {
            (void)media_poll(test, ADK_ROLE_RECEIVER);
        }
    }
    for (int i = 0; i < FRAMES; i++)
    {
        (void)media_poll(test, ADK_ROLE_SENDER);
        (void)media_poll(test, ADK_ROLE_RECEIVER);
    }
    CHECK_EQUAL(FRAMES, test->deliveries->count);
    for (uint32_t i = 0; i < FRAMES; i++)
    {
        CHECK_EQUAL(
            i, (uint32_t)get16(test->deliveries->list[i].bytes) << 16 | get16(test->deliveries->list[i].bytes + 2));
    }
    CHECK_EQUAL(FRAMES, handed_over(test));
    check_no_mbuf_is_missing(&test->port);
    close_all(&receiver, 1);
    media_close(test);
}

static frame_t fragment_of(const frame_t *whole, uint32_t offset, uint32_t length, bool is_last)
{
    frame_t fragment = *whole;
    memcpy(fragment.bytes + AT_SOURCE_PORT, whole->bytes + AT_SOURCE_PORT + offset, length);
    put16(fragment.bytes + AT_TOTAL_LENGTH, 20 + length);
    put16(fragment.bytes + AT_FRAGMENT, (is_last ? 0 : 0x2000u) | offset / 8);
    fragment.length = AT_SOURCE_PORT + length;
    seal_ipv4(&fragment);
    return fragment;
}

static void check_fragments_of(enum adk_role_en role, int queue_of_first, int queue_of_last)
{
    adk_settings_t settings = ring_settings();
    settings.mtu = 1500;
    settings.fragments = 1;
    test_media_t *test = rss_media_open_with(settings, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = rss_frame(PEER_IPV4, PEER_PORT, DATA_PORT, 2000);
    const frame_t first = fragment_of(&whole, 0, 1480, false);
    const frame_t last = fragment_of(&whole, 1480, 2008 - 1480, true);

    media_add(test, &transport, role, DATA_PORT);
    rss_put_into(test, queue_of_first, &first);
    poll_both(test);
    rss_put_into(test, queue_of_last, &last);
    poll_both(test);
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], 2000);
    close_all(&transport, 1);
    media_close(test);
}

/* A device may take the first fragment's ports into account, or steer it by them. */
TEST(fragments_meet_whichever_queues_they_come_to)
{
    for (int queues = 0; queues < 4; queues++)
    {
        check_fragments_of(ADK_ROLE_RECEIVER, queues & 1, queues >> 1);
        check_fragments_of(ADK_ROLE_SENDER, queues & 1, queues >> 1);
    }
}

TEST(a_restart_gives_the_device_its_table_again)
{
    test_media_t *test = rss_media_open();
    struct rte_eth_rss_reta_entry64 table[RSS_TABLE_LENGTH / RTE_ETH_RETA_GROUP_SIZE] = { 0 };
    aeron_udp_channel_transport_t transport = { 0 };
    const uint16_t port = publish_from(test, &transport, 0, PEER_IPV4, DATA_PORT);
    const frame_t answer = rss_frame(PEER_IPV4, DATA_PORT, port, 36);

    for (size_t i = 0; i < RTE_DIM(table); i++)
    {
        table[i].mask = UINT64_MAX; /* all to queue 0 */
    }
    CHECK_EQUAL(0, rte_eth_dev_rss_reta_update(test->port.stack->port.id, table, RSS_TABLE_LENGTH));
    CHECK_EQUAL(0, rss_queue_of(test, &answer));
    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    rss_plug_in(test);
    CHECK_EQUAL(1, rss_queue_of(test, &answer));
    close_all(&transport, 1);
    media_close(test);
}

static void check_one_queue(test_media_t *test)
{
    aeron_udp_channel_transport_t transport = { 0 };
    adk_port_info_t info;

    CHECK_EQUAL(0, adk_stack_port_info(test->port.stack, &info));
    CHECK(!info.hashed);
    CHECK_EQUAL(1, info.rx_queues);
    CHECK_EQUAL(0, test->port.stack->port.rx_configuration.rx_drop_en);
    const frame_t answer = rss_frame(PEER_IPV4, DATA_PORT, publish_from(test, &transport, 0, PEER_IPV4, DATA_PORT), 36);
    rss_put_into(test, 0, &answer);
    poll_both(test);
    CHECK_EQUAL(1, test->deliveries->count);
    close_all(&transport, 1);
    media_close(test);
}

TEST(a_device_that_keeps_its_key_to_itself_has_one_queue)
{
    tells_its_key = 0;
    test_media_t *test = rss_media_open();
    tells_its_key = 1;
    check_one_queue(test);
}

TEST(a_device_that_takes_no_table_has_one_queue)
{
    takes_a_table = 0;
    test_media_t *test = rss_media_open();
    takes_a_table = 1;
    check_one_queue(test);
}

TEST(threads_that_are_one_need_no_hash)
{
    check_one_queue(rss_media_open_with(ring_settings(), AERON_THREADING_MODE_SHARED_NETWORK));
}
