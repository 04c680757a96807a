/* How full everything is: the levels shown are what the test put in. */
#include "api/levels.h"
#include "ring_port.h"
#include "stack/ipv6/stack.h"
#include "suite.h"

#define LEVELS_MAX (32)

static uint32_t length_of(const adk_level_t *levels, int count, const char *name)
{
    for (int i = 0; i < count; i++)
    {
        if (0 == strcmp(levels[i].name, name))
        {
            return levels[i].length;
        }
    }
    fprintf(stderr, "no level is named %s\n", name);
    exit(EXIT_FAILURE);
}

TEST(frames_that_wait_in_a_ring_and_mbufs_in_use_are_counted)
{
    ring_port_t port = ring_port();
    adk_level_t levels[LEVELS_MAX];
    struct rte_mbuf *frames[5];

    CHECK_EQUAL(0, rte_pktmbuf_alloc_bulk(port.stack->port.rx_mempool, frames, 5));
    struct rte_ring *inbox = port.stack->lanes[ADK_ROLE_SENDER].inbox[ADK_ROLE_RECEIVER];
    CHECK_EQUAL(5, rte_ring_sp_enqueue_bulk(inbox, (void *const *)frames, 5, NULL));

    int count = adk_levels_rings(port.stack, levels, LEVELS_MAX);
    CHECK(count <= LEVELS_MAX);
    CHECK_EQUAL(5, length_of(levels, count, "adk_rcv_snd"));
    CHECK_EQUAL(0, length_of(levels, count, "adk_snd_rcv"));
    CHECK_EQUAL(0, length_of(levels, count, "backlog_snd"));
    port.stack->lanes[ADK_ROLE_SENDER].backlog_length = 3;
    count = adk_levels_rings(port.stack, levels, LEVELS_MAX);
    CHECK_EQUAL(3, length_of(levels, count, "backlog_snd"));
    port.stack->lanes[ADK_ROLE_SENDER].backlog_length = 0;

    count = adk_levels_mempools(port.stack, levels, LEVELS_MAX);
    CHECK_EQUAL(2, count);
    CHECK_EQUAL(5, levels[0].length);
    CHECK_EQUAL(port.stack->port.rx_mempool->size, levels[0].capacity);
    CHECK_EQUAL(0, levels[1].length);
    ring_port_close(&port);
}

TEST(each_mempool_of_a_queue_is_shown_once)
{
    adk_settings_t settings = ring_settings();
    settings.tx_mempool_per_queue = 1;
    ring_port_t port = ring_port_with(settings, RING_PORT_QUEUES_MAX, 1024);
    adk_level_t levels[LEVELS_MAX];

    CHECK_EQUAL(1 + ADK_PORT_TX_QUEUES_MAX, adk_levels_mempools(port.stack, levels, LEVELS_MAX));
    ring_port_close(&port);
}

TEST(more_levels_than_there_is_room_for_are_counted_but_not_written)
{
    ring_port_t port = ring_port();
    adk_level_t levels[LEVELS_MAX] = { 0 };

    CHECK(adk_levels_rings(port.stack, levels, 1) > 1);
    CHECK_EQUAL(0, levels[1].capacity);
    ring_port_close(&port);
}

TEST(endpoints_are_shown_with_who_polls_them)
{
    ring_port_t port = ring_port();
    adk_endpoints_t *endpoints = &port.stack->endpoints;
    adk_endpoint_view_t views[4];
    void *stale = NULL;
    int owner = 0;

    CHECK_EQUAL(4000, adk_endpoints_reserve(endpoints, 4000, &owner, &stale));
    CHECK_EQUAL(4001, adk_endpoints_reserve(endpoints, 4001, &owner, &stale));
    CHECK_EQUAL(4002, adk_endpoints_reserve(endpoints, 4002, &owner, &stale));
    CHECK_EQUAL(0, adk_endpoints_publish(endpoints, 4001, &owner, ADK_ROLE_SENDER));
    CHECK_EQUAL(0, adk_endpoints_publish(endpoints, 4002, &owner, ADK_ROLE_RECEIVER));

    CHECK_EQUAL(3, adk_levels_endpoints(port.stack, views, 4));
    CHECK_EQUAL(4000, views[0].port);
    CHECK(!views[0].is_polled);
    CHECK(views[1].is_polled && !views[1].is_receiver);
    CHECK(views[2].is_polled && views[2].is_receiver);
    CHECK_EQUAL(3, adk_levels_endpoints(port.stack, views, 1));
    ring_port_close(&port);
}

TEST(endpoints_of_ipv6_are_shown_behind_those_of_ipv4_each_family_with_ports_of_its_own)
{
    adk_settings_t settings = ring_settings();
    adk_endpoint_view_t views[4];
    void *stale = NULL;
    int owner = 0;

    settings.ipv6 = 1;
    ring_port_t port = ring_port_with(settings, RING_PORT_QUEUES_MAX, 1024);
    adk_endpoints_t *ipv6 = &port.stack->ipv6->endpoints;
    CHECK_EQUAL(4000, adk_endpoints_reserve(&port.stack->endpoints, 4000, &owner, &stale));
    CHECK_EQUAL(4000, adk_endpoints_reserve(ipv6, 4000, &owner, &stale));
    CHECK_EQUAL(0, adk_endpoints_publish(ipv6, 4000, &owner, ADK_ROLE_RECEIVER));

    CHECK_EQUAL(2, adk_levels_endpoints(port.stack, views, 4));
    CHECK_EQUAL(4000, views[0].port);
    CHECK(!views[0].is_ipv6 && !views[0].is_polled);
    CHECK_EQUAL(4000, views[1].port);
    CHECK(views[1].is_ipv6 && views[1].is_polled && views[1].is_receiver);
    ring_port_close(&port);
}
