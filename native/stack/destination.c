#include "stack/destination.h"

#include "port/multicast.h"

void adk_destination_prepare(
    const adk_stack_t *stack, adk_destination_t *destination, uint16_t source_port, uint32_t ipv4, rte_be16_t port_be)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = port_be,
        .sin_addr.s_addr = rte_cpu_to_be_32(ipv4),
    };
    adk_header_t *header = &destination->header;

    destination->key = adk_word_64(&address);
    destination->stack = stack;
    adk_header_init(
        header, stack->local.mac, rte_be_to_cpu_32(stack->local.ipv4_be), source_port, ipv4, rte_be_to_cpu_16(port_be));
    destination->neighbour = NULL;
    destination->word = ADK_NEIGHBOUR_UNRESOLVED;
    destination->ask_again_tsc = 0;
    destination->ipv4 = ipv4;
    destination->port_be = port_be;
    destination->ipv4_sum = adk_checksum_ipv4_base(header);
    destination->pseudo_sum = adk_checksum_pseudo_base(header);
    destination->route = (uint8_t)adk_stack_route(stack, ipv4, &destination->next_hop);
}

void adk_destination_prepare_group(
    const adk_stack_t *stack,
    adk_destination_t *destination,
    uint16_t source_port,
    uint32_t group,
    rte_be16_t port_be,
    uint8_t ttl)
{
    adk_destination_prepare(stack, destination, source_port, group, port_be);
    destination->route = ADK_ROUTE_GROUP;
    destination->header.ipv4.time_to_live = ttl;
    destination->ipv4_sum = adk_checksum_ipv4_base(&destination->header);
    adk_multicast_mac(group, destination->header.ethernet.dst_addr.addr_bytes);
}

void adk_destination_send_from(adk_destination_t *destination, uint32_t ipv4)
{
    destination->header.ipv4.src_addr = rte_cpu_to_be_32(ipv4);
    destination->ipv4_sum = adk_checksum_ipv4_base(&destination->header);
    destination->pseudo_sum = adk_checksum_pseudo_base(&destination->header);
}

bool adk_destination_resolve(const adk_stack_t *stack, adk_destination_t *destination)
{
    destination->word = ADK_NEIGHBOUR_UNRESOLVED;
    destination->neighbour = adk_neighbours_find(&stack->neighbours, &destination->next_hop);
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
