#include "transport/way.h"

#include "stack/interfaces.h"

static uint32_t ipv4_of_peer(const struct sockaddr_storage *address)
{
    return rte_be_to_cpu_32(((const struct sockaddr_in *)address)->sin_addr.s_addr);
}

static adk_ipv6_t ipv6_of_peer(const struct sockaddr_storage *address)
{
    return adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

adk_stack_t *adk_way_home(
    const adk_media_t *media,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *peer)
{
    struct sockaddr_storage *own = aeron_is_addr_multicast(bind_address) ? interface_address : bind_address;
    const adk_stack_t *first = media->stack;
    adk_stack_t *home = NULL;

    if (adk_address_is_given(own))
    {
        home = AF_INET6 == own->ss_family ? adk_interfaces_with6(first, ipv6_of_peer(own), ADK_LOCAL6_TENTATIVE)
                                          : adk_interfaces_with(first, ipv4_of_peer(own));
    }
    else if (adk_address_is_given(peer))
    {
        home = AF_INET6 == peer->ss_family ? adk_interfaces_towards6(first, ipv6_of_peer(peer))
                                           : adk_interfaces_towards(first, ipv4_of_peer(peer));
    }
    if (NULL == home && AF_INET6 == bind_address->ss_family)
    {
        home = adk_interfaces_first6(first);
    }
    return NULL == home ? media->stack : home;
}

adk_stack_t *adk_way_to(const adk_transport_t *state, uint32_t ipv4)
{
    adk_stack_t *way = adk_interfaces_with(state->stack, ipv4);
    if (NULL == way && state->is_on_all && !adk_is_group(ipv4))
    {
        way = adk_interfaces_towards(state->stack, ipv4);
    }
    return NULL == way ? state->stack : way;
}

adk_stack_t *adk_way_to6(const adk_transport_t *state, adk_ipv6_t ipv6)
{
    adk_stack_t *way = adk_interfaces_with6(state->stack, ipv6, ADK_LOCAL6_USABLE);
    if (NULL == way && state->is_on_all && !adk_ipv6_is_multicast(ipv6))
    {
        way = adk_interfaces_towards6(state->stack, ipv6);
    }
    return NULL == way ? state->stack : way;
}
