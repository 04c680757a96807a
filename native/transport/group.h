/* Transports that hear a multicast group on the port, and the frames sent to it. */
#ifndef ADK_TRANSPORT_GROUP_H
#define ADK_TRANSPORT_GROUP_H

#include "transport/deliver.h"

/* Linux's default: a datagram to a group stays on the link (ip(7), IP_MULTICAST_TTL). */
#define ADK_GROUP_DEFAULT_TTL (1)

static inline uint8_t adk_group_ttl(const adk_transport_t *state)
{
    return 0 == state->params.ttl ? ADK_GROUP_DEFAULT_TTL : state->params.ttl;
}

/* Conductor: takes a slot of the table and sets the device's filter. 0, or -1 with Aeron's error set. */
int adk_group_open(adk_transport_t *state, struct sockaddr_storage *group, struct sockaddr_storage *interface_address);
void adk_group_close(adk_transport_t *state);

/* ---- hot path, for multicast frames only ---- */

/* A datagram from the port. True when we no longer own the mbuf. */
__rte_noinline bool adk_group_on_datagram(adk_poller_t *poller, struct rte_mbuf *mbuf, const view_t *datagram);
/* Passes it to the transports polled by the other thread, as it is or copied. True when we no longer own the mbuf. */
bool adk_group_hand_off(adk_poller_t *poller, struct rte_mbuf *mbuf, view_t view, bool is_copied);
/* A datagram that another thread has parsed, or that this driver sent. */
__rte_noinline void adk_group_on_inbox(adk_poller_t *poller, const view_t *datagram);

#endif
