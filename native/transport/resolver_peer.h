/* The peers of Aeron's driver name resolver: the addresses it is told, and the header to send to one. */
#ifndef ADK_TRANSPORT_RESOLVER_PEER_H
#define ADK_TRANSPORT_RESOLVER_PEER_H

#include "stack/ipv6/destination.h"
#include "transport/view.h"

/* The header of one family is filled in, the other's is not. */
typedef struct adk_way_out_stct
{
    bool is_ipv6;
    adk_destination_t ipv4;
    adk_destination6_t ipv6;
} adk_way_out_t;

/* peer: of the transport's family. */
enum adk_route_en adk_resolver_find_way(
    const adk_transport_t *state, const struct sockaddr_storage *peer, adk_way_out_t *way);

/* A resolver on [::] sees an IPv4 peer as ::ffff:a.b.c.d, as a socket of both families would. */
void adk_resolver_name_source(const adk_transport_t *state, view_t view, struct sockaddr_storage *source);

#endif
