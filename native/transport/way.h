/* Which interface a channel is on, and by which of them what it sends leaves. Nothing here is called per frame. */
#ifndef ADK_TRANSPORT_WAY_H
#define ADK_TRANSPORT_WAY_H

#include "transport/media.h"

/* Whether there is an address, and it is no wildcard. */
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

/*
 * By which interface datagrams to a peer leave: to an address of ours within the driver; else by the channel's
 * interface, or the one that leads there.
 */
adk_stack_t *adk_way_to(const adk_transport_t *state, uint32_t ipv4);
adk_stack_t *adk_way_to6(const adk_transport_t *state, adk_ipv6_t ipv6);

#endif
