/* Where frames of IPv6 go that do not simply leave by the port. See stack/outlet.h. */
#ifndef ADK_STACK_IPV6_OUTLET_H
#define ADK_STACK_IPV6_OUTLET_H

#include "stack/ipv6/destination.h"
#include "stack/outlet.h"

/* For a destination that has no MAC, or an outdated one. */
enum adk_outlet_en adk_outlet6_find(const adk_stack_t *stack, adk_lane_t *lane, adk_destination6_t *destination);

/* What was sent to a group, to those in this driver who hear it. */
void adk_outlet6_loop_back(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count);

/* Payloads that would fit the link, or of any length to our own address, anywhere but the port. */
int adk_outlet6_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    enum adk_outlet_en outlet);

/* A frame that lacks only its MAC, as adk_outlet_complete(). */
void adk_outlet6_complete(
    const adk_stack_t *stack,
    const adk_destination6_t *destination,
    struct rte_mbuf *frame,
    const struct iovec *payload);

#endif
