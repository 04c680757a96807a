/* The peers of Aeron's driver name resolver: what it calls them, and the header to one. */
#ifndef ADK_TRANSPORT_RESOLVER_PEER_H
#define ADK_TRANSPORT_RESOLVER_PEER_H

#include "stack/ipv6/destination.h"
#include "transport/view.h"

/* Of one family there is a header, of the other none. */
typedef struct adk_way_out_stct
{
    bool is_ipv6;
    adk_destination_t ipv4;
    adk_destination6_t ipv6;
} adk_way_out_t;

/* peer: of the transport's family. */
enum adk_route_en adk_resolver_find_way(
    const adk_transport_t *state, const struct sockaddr_storage *peer, adk_way_out_t *way);

/* To a resolver on [::] an IPv4 peer is ::ffff:a.b.c.d, as to a socket of both families. */
void adk_resolver_name_source(const adk_transport_t *state, view_t view, struct sockaddr_storage *source);

#endif
