/* Frames of IPv6, passed on by transport/poll.c. */
#ifndef ADK_TRANSPORT_IPV6_POLL_H
#define ADK_TRANSPORT_IPV6_POLL_H

#include "transport/media.h"

/* A frame from the port with the EtherType of IPv6. True when the caller no longer owns the mbuf. */
__rte_noinline bool adk_poll6_on_frame(adk_poller_t *poller, struct rte_mbuf *mbuf);
/* A frame that another thread has parsed, or that was sent to our own address. Returns as above. */
__rte_noinline bool adk_poll6_on_inbox(adk_poller_t *poller, struct rte_mbuf *mbuf, uint8_t *bytes);

#endif
