/* Multicast groups of IPv6 on the port; see transport/group.h. */
#ifndef ADK_TRANSPORT_IPV6_GROUP_H
#define ADK_TRANSPORT_IPV6_GROUP_H

#include "transport/ipv6/deliver.h"

/* Conductor: takes a slot of the table and sets the device's filter. 0, or -1 with Aeron's error set. */
int adk_group6_open(adk_transport_t *state, struct sockaddr_storage *group, struct sockaddr_storage *interface_address);
void adk_group6_close(adk_transport_t *state);

/* ---- hot path, for multicast frames only ---- */

__rte_noinline bool adk_group6_on_datagram(adk_poller_t *poller, struct rte_mbuf *mbuf, const view_t *datagram);
__rte_noinline void adk_group6_on_inbox(adk_poller_t *poller, const view_t *datagram);

#endif
