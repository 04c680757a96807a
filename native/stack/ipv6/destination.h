/* As stack/destination.h, for a peer of IPv6. */
#ifndef ADK_STACK_IPV6_DESTINATION_H
#define ADK_STACK_IPV6_DESTINATION_H

#include "stack/destination.h"
#include "stack/ipv6/stack.h"
#include "wire/ipv6/header.h"

typedef struct adk_destination6_stct
{
    adk_ipv6_t ipv6;
    adk_ipv6_t next_hop;
    rte_be16_t port_be;
    uint8_t route;                    /* enum adk_route_en */
    uint32_t moved;                   /* adk_stack6_moved() when this was built */
    uint64_t word;                    /* the neighbour's word that the header's MAC was taken from */
    adk_neighbour_t *neighbour;
    uint64_t ask_again_tsc;
    uint32_t pseudo_sum;
    adk_header6_t header;
    const adk_stack_t *stack;         /* as in stack/destination.h; NULL: no peer */
    adk_lane_t *lane;
} adk_destination6_t;

/*
 * Builds the header for a peer; the neighbour is looked up at the first send. source: the address that the sender is
 * bound to; if unspecified, a suitable one is chosen. hop_limit: for groups.
 */
void adk_destination6_prepare(
    const adk_stack_t *stack,
    adk_destination6_t *destination,
    adk_ipv6_t source,
    uint16_t source_port,
    adk_ipv6_t ipv6,
    rte_be16_t port_be,
    uint8_t hop_limit);

/* Looks the next hop up again. False while it has no MAC. */
bool adk_destination6_resolve(const adk_stack_t *stack, adk_destination6_t *destination);

static inline bool adk_destination6_is(const adk_destination6_t *destination, adk_ipv6_t ipv6, rte_be16_t port_be)
{
    return NULL != destination->stack &&
        destination->port_be == port_be &&
        adk_ipv6_is_same(destination->ipv6, ipv6) &&
        destination->moved == adk_stack6_moved(destination->stack->ipv6);
}

static inline bool adk_destination6_is_resolved(const adk_destination6_t *destination)
{
    adk_neighbour_t *neighbour = destination->neighbour;
    if (NULL == neighbour || adk_neighbour_word(neighbour) != destination->word)
    {
        return false;
    }
    if (0 == atomic_load_explicit(&neighbour->was_used, memory_order_relaxed))
    {
        atomic_store_explicit(&neighbour->was_used, 1, memory_order_relaxed);
    }
    return true;
}

#endif
