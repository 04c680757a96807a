#include "api/levels.h"

#include <stdio.h>

#include "api/internal.h"
#include "port/share.h"
#include "stack/ipv6/endpoints.h"

typedef struct adk_filling_stct
{
    adk_level_t *levels;
    int max;
    int count;
} adk_filling_t;

static void add(adk_filling_t *filling, const char *name, uint32_t length, uint32_t capacity)
{
    if (filling->count < filling->max)
    {
        adk_level_t *level = &filling->levels[filling->count];
        (void)snprintf(level->name, sizeof(level->name), "%s", name);
        level->length = length;
        level->capacity = capacity;
    }
    filling->count++;
}

static void add_ring(adk_filling_t *filling, const struct rte_ring *ring)
{
    if (NULL != ring)
    {
        add(filling, ring->name, rte_ring_count(ring), rte_ring_get_capacity(ring));
    }
}

int adk_levels_rings(adk_stack_t *stack, adk_level_t *levels, int max)
{
    static const char *const backlogs[] = { "backlog_snd", "backlog_rcv", "backlog_ctl" };
    adk_filling_t filling = { .levels = levels, .max = max };

    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        const adk_lane_t *lane = &stack->lanes[role];
        add_ring(&filling, lane->inbox[ADK_ROLE_SENDER]);
        add_ring(&filling, lane->inbox[ADK_ROLE_RECEIVER]);
        add_ring(&filling, lane->control_out);
        add_ring(&filling, stack->unresolved_out[role]);
        add_ring(&filling, lane->forward_out);
        if (lane->owns_tx_queue)
        {
            const uint16_t length = __atomic_load_n(&lane->backlog_length, __ATOMIC_RELAXED);
            add(&filling, backlogs[role], length, ADK_BACKLOG_LENGTH);
        }
    }
    return filling.count;
}

int adk_levels_mempools(adk_stack_t *stack, adk_level_t *levels, int max)
{
    const adk_port_t *port = &stack->port;
    adk_filling_t filling = { .levels = levels, .max = max };

    if (adk_port_is_guest(port))
    {
        return 0;
    }
    add(&filling, port->rx_mempool->name, rte_mempool_in_use_count(port->rx_mempool), port->rx_mempool->size);
    for (int i = 0; i < ADK_PORT_TX_QUEUES_MAX; i++)
    {
        const struct rte_mempool *mempool = port->tx_mempools[i];
        if (NULL != mempool && (0 == i || mempool != port->tx_mempools[i - 1]))
        {
            add(&filling, mempool->name, rte_mempool_in_use_count(mempool), mempool->size);
        }
    }
    return filling.count;
}

int adk_levels_rx_queues(adk_stack_t *stack, adk_level_t *levels, int max)
{
    const adk_port_t *port = &stack->port;
    adk_filling_t filling = { .levels = levels, .max = max };

    for (uint16_t queue = 0; !adk_port_is_guest(port) && queue < port->rx_queues; queue++)
    {
        const int used = rte_eth_rx_queue_count(port->id, queue);
        if (used >= 0)
        {
            char name[16];
            (void)snprintf(name, sizeof(name), "rx%u", queue);
            add(&filling, name, (uint32_t)used, port->rx_queue_size);
        }
    }
    return filling.count;
}

static int add_endpoints(
    const adk_endpoints_t *of_family, bool is_ipv6, adk_endpoint_view_t *endpoints, int max, int count)
{
    for (uint32_t port = 0; port < ADK_ENDPOINTS; port++)
    {
        const uint32_t state = adk_endpoint_state(adk_endpoint_of(of_family, (uint16_t)port));
        if (ADK_ENDPOINT_FREE == state)
        {
            continue;
        }
        if (count < max)
        {
            endpoints[count] = (adk_endpoint_view_t){
                .port = (uint16_t)port,
                .is_polled = ADK_ENDPOINT_POLLED_BY_SENDER == state || ADK_ENDPOINT_POLLED_BY_RECEIVER == state,
                .is_receiver = ADK_ENDPOINT_POLLED_BY_RECEIVER == state,
                .is_ipv6 = is_ipv6,
            };
        }
        count++;
    }
    return count;
}

int adk_levels_endpoints(adk_stack_t *stack, adk_endpoint_view_t *endpoints, int max)
{
    int count = add_endpoints(&stack->endpoints, false, endpoints, max, 0);

    if (NULL != stack->ipv6)
    {
        count = add_endpoints(&stack->ipv6->endpoints, true, endpoints, max, count);
        for (int i = 0; i < ADK_LOCALS6; i++)
        {
            const adk_endpoints_t *own = adk_endpoints6_at(stack->ipv6, i);
            count = NULL == own ? count : add_endpoints(own, true, endpoints, max, count);
        }
    }
    return count;
}
