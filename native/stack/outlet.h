/* Where frames go that do not simply leave by the port: back into this driver, or to the control plane. */
#ifndef ADK_STACK_OUTLET_H
#define ADK_STACK_OUTLET_H

#include <sys/uio.h>

#include "stack/destination.h"

enum adk_outlet_en
{
    ADK_OUTLET_PORT,
    ADK_OUTLET_OWN_ADDRESS,
    ADK_OUTLET_GROUP,                     /* the port, and the transports of this driver that hear the group */
    ADK_OUTLET_CONTROL,                   /* the control plane, which asks for the next hop's MAC */
    ADK_OUTLET_NONE                       /* nowhere: the control plane was asked a moment ago */
};

/* For a destination without a MAC, or with an outdated one. */
enum adk_outlet_en adk_outlet_find(const adk_stack_t *stack, adk_lane_t *lane, adk_destination_t *destination);

/*
 * Delivers what was sent to a group to the transports of this driver that hear it, as the kernel does
 * (IP_MULTICAST_LOOP).
 */
void adk_outlet_loop_back(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count);

/*
 * Sends anywhere but the port. frames come straight from the pool and are always consumed; otherwise as adk_tx_send().
 */
int adk_outlet_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count,
    enum adk_outlet_en outlet);

/* ---- shared with IPv6 (stack/ipv6/outlet.c) ---- */

/* Writes headers and payload into as many mbufs as needed, the first of which is given. False if the pool ran out. */
bool adk_outlet_fill_long(
    adk_lane_t *lane,
    const void *headers,
    uint16_t headers_length,
    struct rte_mbuf *frame,
    const struct iovec *payload);
/* Frames for another thread of this driver; is_filled: they are already complete. */
int adk_outlet_put(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    enum adk_role_en consumer,
    struct rte_mbuf **frames,
    uint16_t count,
    bool is_filled);
/* Frames, with their notes, to the control plane: all of them, or none and they are freed. */
int adk_outlet_ask(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count);
void adk_outlet_tell(const adk_stack_t *stack, adk_lane_t *lane, const adk_note_t *note);

/* A frame that lacks only its MAC, with a note of the next hop: the control plane sends it once it knows the MAC. */
void adk_outlet_complete(
    const adk_stack_t *stack,
    const adk_destination_t *destination,
    struct rte_mbuf *frame,
    const struct iovec *payload);

#endif
