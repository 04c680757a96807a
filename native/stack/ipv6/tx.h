/* Sends payloads to an IPv6 peer. See stack/tx.h. */
#ifndef ADK_STACK_IPV6_TX_H
#define ADK_STACK_IPV6_TX_H

#include "stack/ipv6/destination.h"

/* As adk_tx_send(). */
int adk_tx6_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    int64_t *bytes);

#endif
