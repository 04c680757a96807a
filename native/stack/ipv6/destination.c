#include "stack/ipv6/destination.h"

void adk_destination6_prepare(
    const adk_stack_t *stack,
    adk_destination6_t *destination,
    adk_ipv6_t source,
    uint16_t source_port,
    adk_ipv6_t ipv6,
    rte_be16_t port_be,
    uint8_t hop_limit)
{
    const adk_stack6_t *stack6 = stack->ipv6;
    adk_header6_t *header = &destination->header;

    /* Must be read before the state whose changes it counts. */
    destination->moved = adk_stack6_moved(stack6);
    destination->stack = stack;
    destination->ipv6 = ipv6;
    destination->port_be = port_be;
    destination->neighbour = NULL;
    destination->word = ADK_NEIGHBOUR_UNRESOLVED;
    destination->ask_again_tsc = 0;
    destination->route = (uint8_t)adk_stack6_route(stack6, ipv6, &destination->next_hop);
    const adk_ipv6_t from = adk_ipv6_is_unspecified(source) ? adk_stack6_source_for(stack6, ipv6) : source;
    adk_header6_init(header, stack6->locals.mac, from, source_port, ipv6, port_be);
    if (ADK_ROUTE_GROUP == destination->route)
    {
        header->hop_limit = hop_limit;
        adk_ipv6_group_mac(ipv6, header->ethernet.dst_addr.addr_bytes);
    }
    destination->pseudo_sum = adk_checksum_pseudo6(header->source);
}

bool adk_destination6_resolve(const adk_stack_t *stack, adk_destination6_t *destination)
{
    destination->word = ADK_NEIGHBOUR_UNRESOLVED;
    destination->neighbour = adk_neighbours_find(&stack->ipv6->neighbours, &destination->next_hop);
    if (NULL != destination->neighbour)
    {
        destination->word = adk_neighbour_word(destination->neighbour);
    }
    if (ADK_NEIGHBOUR_UNRESOLVED == destination->word)
    {
        destination->neighbour = NULL;
        return false;
    }
    adk_neighbour_word_to_mac(destination->word, destination->header.ethernet.dst_addr.addr_bytes);
    return true;
}
