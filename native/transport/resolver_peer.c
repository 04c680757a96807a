#include "transport/resolver_peer.h"

#include "transport/ports.h"
#include "transport/view.h"
#include "wire/ipv6/datagram.h"

static enum adk_route_en find_way(const adk_transport_t *state, adk_way_out_t *way, uint32_t ipv4, rte_be16_t port_be)
{
    way->is_ipv6 = false;
    adk_destination_prepare(state->stack, &way->ipv4, state->port, ipv4, port_be);
    return way->ipv4.route;
}

static enum adk_route_en find_way6(const adk_transport_t *state, adk_way_out_t *way, const struct sockaddr_in6 *peer)
{
    const adk_ipv6_t ipv6 = adk_ipv6_of(&peer->sin6_addr);
    rte_be32_t ipv4_be;

    if (adk_ipv6_is_mapped(ipv6) && adk_port_is_of_both(state))
    {
        memcpy(&ipv4_be, &peer->sin6_addr.s6_addr[12], sizeof(ipv4_be));
        return find_way(state, way, rte_be_to_cpu_32(ipv4_be), peer->sin6_port);
    }
    way->is_ipv6 = true;
    adk_destination6_prepare(state->stack, &way->ipv6, state->bound6, state->port, ipv6, peer->sin6_port, 0);
    return (enum adk_route_en)way->ipv6.route;
}

enum adk_route_en adk_resolver_find_way(
    const adk_transport_t *state, const struct sockaddr_storage *peer, adk_way_out_t *way)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)peer;
    return state->is_ipv6 ? find_way6(state, way, (const struct sockaddr_in6 *)peer)
                          : find_way(state, way, rte_be_to_cpu_32(address->sin_addr.s_addr), address->sin_port);
}

void adk_resolver_name_source(const adk_transport_t *state, view_t view, struct sockaddr_storage *address)
{
    struct sockaddr_in *source = (struct sockaddr_in *)address;
    struct sockaddr_in6 *source6 = (struct sockaddr_in6 *)address;

    address->ss_family = state->is_ipv6 ? AF_INET6 : AF_INET;
    source->sin_port = udp_of(view)->src_port;
    if (!state->is_ipv6)
    {
        source->sin_addr.s_addr = ipv4_of(view)->src_addr;
        return;
    }
    if (adk_is_ipv6_frame(view.bytes))
    {
        const adk_ipv6_t ipv6 = source6_of(view);
        memcpy(&source6->sin6_addr, &ipv6, sizeof(ipv6));
        source6->sin6_scope_id = adk_ipv6_is_link_local(ipv6) ? ADK_SCOPE_ID : 0;
        return;
    }
    source6->sin6_addr.s6_addr[10] = 0xff;
    source6->sin6_addr.s6_addr[11] = 0xff;
    memcpy(&source6->sin6_addr.s6_addr[12], &ipv4_of(view)->src_addr, sizeof(rte_be32_t));
}
