/* Where IPv6 frames go that do not simply leave by the port. See stack/outlet.h. */
#ifndef ADK_STACK_IPV6_OUTLET_H
#define ADK_STACK_IPV6_OUTLET_H

#include "stack/ipv6/destination.h"
#include "stack/outlet.h"

/* For a destination without a MAC, or with an outdated one. */
enum adk_outlet_en adk_outlet6_find(const adk_stack_t *stack, adk_lane_t *lane, adk_destination6_t *destination);

/* Delivers what was sent to a group to the transports of this driver that hear it. */
void adk_outlet6_loop_back(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count);

/* Sends payloads anywhere but the port: they fit the link, or go to our own address and may have any length. */
int adk_outlet6_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    enum adk_outlet_en outlet);

/* A frame that lacks only its MAC; see adk_outlet_complete(). */
void adk_outlet6_complete(
    const adk_stack_t *stack,
    const adk_destination6_t *destination,
    struct rte_mbuf *frame,
    const struct iovec *payload);

#endif
