#include "stack/ipv6/witness.h"

#include "stack/witness.h"
#include "wire/ipv6/ndp.h"

static adk_neighbour_t *neighbour_towards(const adk_stack6_t *stack6, adk_ipv6_t address)
{
    adk_ipv6_t next_hop;
    const enum adk_route_en route = adk_stack6_route(stack6, address, &next_hop);
    const bool is_reachable = ADK_ROUTE_ON_LINK == route || ADK_ROUTE_GATEWAY == route;
    return is_reachable ? adk_neighbours_find(&stack6->neighbours, &next_hop) : NULL;
}

__rte_noinline void adk_witness6_datagram(
    const adk_stack6_t *stack6, adk_ipv6_t source, const struct rte_ether_hdr *ethernet)
{
    adk_neighbour_t *neighbour = neighbour_towards(stack6, source);
    if (NULL != neighbour && adk_witness_stands_for(neighbour, &ethernet->src_addr))
    {
        adk_witness_mark_heard(neighbour);
    }
}

/* The neighbour whose MAC the packet contradicts; NULL for any other frame. */
static adk_neighbour_t *contradicted_by(const adk_stack6_t *stack6, const uint8_t *frame, uint32_t length)
{
    adk_ipv6_t address;
    const uint8_t *mac = adk_ndp_claim(frame, length, &address);
    adk_neighbour_t *neighbour = NULL == mac ? NULL : adk_neighbours_find(&stack6->neighbours, &address);

    if (NULL == neighbour)
    {
        return NULL;
    }
    if (!adk_witness_stands_for(neighbour, mac))
    {
        return neighbour;
    }
    if (adk_witness_stands_for(neighbour, &((const struct rte_ether_hdr *)frame)->src_addr))
    {
        adk_witness_mark_heard(neighbour);
    }
    return NULL;
}

__rte_noinline bool adk_witness6_offer(
    const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf, const uint8_t *bytes)
{
    const uint32_t length = mbuf->pkt_len < ADK_LINEAR_LENGTH ? mbuf->pkt_len : ADK_LINEAR_LENGTH;
    return adk_witness_put(stack, lane, mbuf, contradicted_by(stack->ipv6, bytes, length), ADK_COUNT_NDP_DISPUTED);
}

/* Causes the next frame from there to be checked again; the lane's owner clears the mark when it notes a source. */
static void forget_sources(const adk_stack6_t *stack6, const adk_neighbour_t *neighbour, adk_lane6_t *lane6)
{
    for (int i = 0; i < ADK_SOURCES; i++)
    {
        adk_source6_t *source = &lane6->sources[i];
        const adk_ipv6_t address = { { __atomic_load_n(&source->ipv6.words[0], __ATOMIC_RELAXED),
                                       __atomic_load_n(&source->ipv6.words[1], __ATOMIC_RELAXED) } };
        if (!adk_ipv6_is_unspecified(address) && neighbour == neighbour_towards(stack6, address))
        {
            atomic_store_explicit(&source->is_doubted, true, memory_order_relaxed);
        }
    }
}

void adk_witness6_watch(adk_stack_t *stack, adk_ipv6_t address)
{
    adk_stack6_t *stack6 = stack->ipv6;
    adk_neighbour_t *neighbour = adk_neighbours_find(&stack6->neighbours, &address);
    if (NULL != neighbour)
    {
        adk_witness_begin(stack, neighbour);
        forget_sources(stack6, neighbour, &stack6->lanes[ADK_ROLE_SENDER]);
        forget_sources(stack6, neighbour, &stack6->lanes[ADK_ROLE_RECEIVER]);
    }
}

bool adk_witness6_was_heard(const adk_stack_t *stack, adk_ipv6_t address)
{
    const adk_neighbour_t *neighbour = adk_neighbours_find(&stack->ipv6->neighbours, &address);
    return NULL != neighbour && 0 != atomic_load_explicit(&neighbour->was_heard, memory_order_relaxed);
}

bool adk_witness6_is_disputed(const adk_stack_t *stack, adk_ipv6_t address)
{
    const adk_neighbour_t *neighbour = adk_neighbours_find(&stack->ipv6->neighbours, &address);
    return NULL != neighbour && adk_witness_doubts(stack, neighbour);
}
