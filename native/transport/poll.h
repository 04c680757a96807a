#ifndef ADK_TRANSPORT_POLL_H
#define ADK_TRANSPORT_POLL_H

#include "transport/media.h"

/* One frame of the poller's interface, without its tag. True when we no longer own the mbuf. */
bool adk_poll_on_frame(adk_poller_t *poller, struct rte_mbuf *mbuf);
/* Captures a frame of the poller's interface as it was on the wire; its tag is removed afterwards. */
ADK_CAPTURE_APART void adk_poll_begin_capture(
    adk_capture_t *capture, const adk_poller_t *poller, struct rte_mbuf *mbuf, uint64_t now_ns);

#endif
