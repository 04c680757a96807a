/* Which interface a channel is on, and by which of them what it sends leaves. Nothing of it is per frame. */
#ifndef ADK_TRANSPORT_WAY_H
#define ADK_TRANSPORT_WAY_H

#include "transport/media.h"

/* Neither left out nor a wildcard. */
static inline bool adk_address_is_given(struct sockaddr_storage *address)
{
    return NULL != address && AF_UNSPEC != address->ss_family && !aeron_is_wildcard_addr(address);
}

/*
 * Conductor. For a new channel: the interface that has the address it is bound to, of a group that of interface=. Of one
 * that is bound to none, the one that leads to the peer, which may be NULL; else the first.
 */
adk_stack_t *adk_way_home(
    const adk_media_t *media,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *peer);

/* Where datagrams to a peer leave: where he is ours, within the driver; else by the channel's interface or its route. */
adk_stack_t *adk_way_to(const adk_transport_t *state, uint32_t ipv4);
adk_stack_t *adk_way_to6(const adk_transport_t *state, adk_ipv6_t ipv6);

#endif
