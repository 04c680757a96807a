#ifndef ADK_TRANSPORT_SHARED_H
#define ADK_TRANSPORT_SHARED_H

#include "transport/media.h"

/* A burst of the port that several interfaces share; first: the poller that received it. The mbufs are consumed. */
void adk_shared_on_burst(adk_poller_t *first, struct rte_mbuf **burst, uint16_t count);

#endif
