/* Opening and closing a port: what is refused, with which message, and that nothing is left behind. */
#include <errno.h>

#include "media.h"
#include "sending.h"
#include "suite.h"

static void check_not_opened(const adk_settings_t *settings, int code, const char *const *words)
{
    CHECK(NULL == adk_stack_open(settings, NULL));
    CHECK_EQUAL(code, adk_error_code());
    for (; NULL != *words; words++)
    {
        if (NULL == strstr(adk_error_text(), *words))
        {
            fprintf(stderr, "\"%s\" is not in: %s\n", *words, adk_error_text());
            exit(EXIT_FAILURE);
        }
    }
}

static void check_opened(const adk_settings_t *settings)
{
    adk_stack_t *stack = adk_stack_open(settings, NULL);
    if (NULL == stack)
    {
        fprintf(stderr, "%s\n", adk_error_text());
        exit(EXIT_FAILURE);
    }
    adk_stack_close(stack);
}

TEST(a_port_that_does_not_exist_is_refused_with_the_setting_and_the_remedy)
{
    static const char *const words[] = { "port 31", "AERON_DPDK_PORT_ID", "vfio-pci", NULL };
    adk_settings_t settings = ring_settings();

    eal_start();
    settings.port_id = 31;
    check_not_opened(&settings, ENODEV, words);
}

TEST(an_mtu_that_the_device_does_not_take_is_refused_with_what_it_takes)
{
    static const char *const words[] = { "AERON_DPDK_MTU=40", "it takes 46 to", NULL };
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();

    settings.port_id = ring_device(&port, 3, 64);
    settings.mtu = 40;
    check_not_opened(&settings, EINVAL, words);
    settings.mtu = 3000;
    check_opened(&settings);
}

TEST(pools_that_memory_has_no_room_for_are_refused_and_what_was_made_of_them_is_given_back)
{
    static const char *const words[] = { "mempool adk_tx_", "huge pages", "smaller queues", NULL };
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();

    settings.port_id = ring_device(&port, 3, 64);
    for (int i = 0; i < 3; i++)
    {
        settings.mtu = 15000;
        check_not_opened(&settings, ENOMEM, words);
    }
    settings.mtu = 1500;
    check_opened(&settings);
}

TEST(an_mtu_whose_frames_do_not_fit_one_mbuf_is_refused)
{
    static const char *const words[] = { "AERON_DPDK_MTU=65535", NULL };
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();

    settings.port_id = ring_device(&port, 3, 64);
    settings.mtu = UINT16_MAX;
    check_not_opened(&settings, EINVAL, words);
}

TEST(a_mempool_cache_beyond_dpdks_limit_is_refused_and_the_port_opens_with_a_smaller_one)
{
    static const char *const words[] = { "mempool adk_rx_", "cache 5000", "_CACHE_SIZE", "512", NULL };
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();

    settings.port_id = ring_device(&port, 3, 64);
    settings.rx_mempool_cache_size = 5000;
    check_not_opened(&settings, EINVAL, words);
    settings.rx_mempool_cache_size = 0;
    check_opened(&settings);
}

TEST(unknown_mempool_ops_are_refused_by_name)
{
    static const char *const words[] = { "mempool adk_tx_", "ops no_such_ops", NULL };
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();

    settings.port_id = ring_device(&port, 3, 64);
    settings.tx_mempool_ops = "no_such_ops";
    check_not_opened(&settings, EINVAL, words);
}

TEST(a_port_that_is_open_already_is_refused_and_stays_as_it_is)
{
    ring_port_t port = ring_port();
    adk_settings_t settings = ring_settings();
    const frame_t arp = arp_request();

    settings.port_id = port.stack->port.id;
    CHECK(NULL == adk_stack_open(&settings, NULL));
    CHECK(NULL != strstr(adk_error_text(), "refuses"));
    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    rte_pktmbuf_free(ring_port_take(&port, 2));
    ring_port_close(&port);
}

TEST(a_stack_can_be_closed_with_frames_in_every_ring)
{
    ring_port_t port = ring_port_with(ring_settings(), 1, 1);
    static const uint32_t addresses[] = { PEER_IPV4, PEER_IPV4 + 1, LOCAL_IPV4 };
    batch_t batch;
    int owner;
    void *stale;

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(PEER_PORT, adk_endpoints_reserve(&port.stack->endpoints, PEER_PORT, &owner, &stale));
    CHECK_EQUAL(0, adk_endpoints_publish(&port.stack->endpoints, PEER_PORT, &owner, ADK_ROLE_SENDER));
    batch_fill(&batch, 4, 32, 0);
    for (int role = 0; role < ADK_ROLE_CONTROL; role++)
    {
        for (int i = 0; i < 3; i++)
        {
            int64_t bytes = 0;
            adk_destination_t destination = destination_of_test(&port, addresses[i]);
            (void)send_batch(&port, (enum adk_role_en)role, &destination, &batch, &bytes);
        }
    }
    adk_control_event_t event;
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    ring_port_close(&port);
    adk_stack_close(NULL);
}

TEST(what_is_known_of_a_port_is_reported)
{
    ring_port_t port = ring_port();
    adk_port_info_t info;
    adk_link_t link;

    CHECK_EQUAL(0, adk_stack_port_info(port.stack, &info));
    CHECK_EQUAL(0, strcmp("net_ring", info.driver));
    CHECK_EQUAL(0, memcmp(LOCAL_MAC, info.mac, 6));
    CHECK_EQUAL(1500, info.mtu);
    CHECK_EQUAL(1, info.rx_queues);
    CHECK_EQUAL(3, info.tx_queues);
    CHECK_EQUAL(64, info.rx_queue_size);
    CHECK(!info.tx_ipv4_checksum_offload && !info.tx_udp_checksum_offload && !info.rx_checksum_offload);
    CHECK(!info.steered);
    CHECK_EQUAL(0, adk_stack_link(port.stack, &link));
    CHECK(link.is_up && link.is_full_duplex);
    CHECK_EQUAL(10000, link.speed_mbps);
    ring_port_close(&port);
}

TEST(queues_have_the_default_lengths_where_none_are_set)
{
    adk_settings_t settings = ring_settings();
    settings.rx_queue_size = 0;
    settings.tx_queue_size = 0;
    ring_port_t port = ring_port_with(settings, RING_PORT_QUEUES_MAX, 64);
    adk_port_info_t info;

    CHECK_EQUAL(0, adk_stack_port_info(port.stack, &info));
    CHECK_EQUAL(ADK_PORT_DEFAULT_RX_QUEUE_SIZE, info.rx_queue_size);
    CHECK_EQUAL(ADK_PORT_DEFAULT_TX_QUEUE_SIZE, info.tx_queue_size);
    ring_port_close(&port);
}

TEST(mbufs_in_a_threads_cache_count_as_free_and_those_taken_do_not)
{
    ring_port_t port = ring_port();
    struct rte_mempool *pool = port.stack->port.rx_mempool;
    struct rte_mbuf *taken[5];
    const uint32_t before = adk_port_mbufs_free(pool);

    CHECK_EQUAL(rte_mempool_avail_count(pool), before);
    CHECK_EQUAL(0, rte_pktmbuf_alloc_bulk(pool, taken, RTE_DIM(taken)));
    CHECK_EQUAL(before - RTE_DIM(taken), adk_port_mbufs_free(pool));
    rte_pktmbuf_free_bulk(taken, RTE_DIM(taken));
    CHECK(rte_mempool_default_cache(pool, rte_lcore_id())->len > 0);
    CHECK_EQUAL(before, adk_port_mbufs_free(pool));
    ring_port_close(&port);
}

TEST(a_pool_for_each_tx_queue_when_the_settings_ask_for_it)
{
    adk_settings_t settings = ring_settings();
    settings.tx_mempool_per_queue = 1;
    ring_port_t port = ring_port_with(settings, 3, 64);
    const struct rte_mempool *const *pools = (const struct rte_mempool *const *)port.stack->port.tx_mempools;

    CHECK(pools[0] != pools[1] && pools[1] != pools[2] && pools[0] != pools[2]);
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        CHECK(pools[role] == port.stack->lanes[role].tx_mempool);
    }
    ring_port_close(&port);
}
