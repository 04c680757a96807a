/*
 * Which interface a channel is on, and which interface each of its datagrams leaves by. Nothing here is called per
 * frame.
 */
#ifndef ADK_TRANSPORT_WAY_H
#define ADK_TRANSPORT_WAY_H

#include "transport/media.h"

/* Whether an address is given that is not a wildcard. */
static inline bool adk_address_is_given(struct sockaddr_storage *address)
{
    return NULL != address && AF_UNSPEC != address->ss_family && !aeron_is_wildcard_addr(address);
}

/*
 * Conductor. The interface of a new channel: the one that has the address it is bound to, or for a group the address of
 * interface=. If it is bound to none, the one that leads to the peer, which may be NULL; else the first.
 */
adk_stack_t *adk_way_home(
    const adk_media_t *media,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *peer);

/*
 * Which interface datagrams to a peer leave by: to an address of ours, within the driver; else the channel's interface,
 * or the one that leads there.
 */
adk_stack_t *adk_way_to(const adk_transport_t *state, uint32_t ipv4);
adk_stack_t *adk_way_to6(const adk_transport_t *state, adk_ipv6_t ipv6);

#endif
