/* The way out: from payloads to frames on a TX queue, on another thread's ring, or back into this driver. */
#ifndef ADK_STACK_TX_H
#define ADK_STACK_TX_H

#include <sys/uio.h>

#include "stack/destination.h"

/*
 * Sends count <= ADK_SEND_BURST_MAX payloads to destination. Returns count when all were taken, 0 when none can be
 * taken now, or -EMSGSIZE / -ENETUNREACH when they never can be. *bytes grows by what was taken.
 */
int adk_tx_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    int64_t *bytes);

/*
 * The parts that IPv6 shares (stack/ipv6/tx.c): whether sending is blocked; mbufs, or none and counted; and
 * transmitting frames, all or none, when nothing is blocked.
 */
bool adk_tx_is_blocked(const adk_stack_t *stack, adk_lane_t *lane);
bool adk_tx_take(adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count);
bool adk_tx_frames(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count);

/* Sends what is left over from earlier sends, and the frames of lanes without a TX queue. */
void adk_tx_catch_up(const adk_stack_t *stack, adk_lane_t *lane);

/* Called from every poll: a lane with nothing pending only checks. */
static inline void adk_tx_progress(const adk_stack_t *stack, adk_lane_t *lane)
{
    if (adk_lane_is_behind(lane))
    {
        adk_tx_catch_up(stack, lane);
    }
}

/* Complete frames of the control plane. False when the queue is full; the mbuf then stays the caller's. */
bool adk_tx_frame(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *frame);

#endif
