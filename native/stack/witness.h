/*
 * Received frames are evidence for or against the MACs in the neighbour table. A frame from a neighbour's known MAC
 * sets a mark in its entry, which no flood can crowd out of a ring; ARP packets that name another MAC are let through
 * to the control plane in small numbers, and the rest are counted.
 */
#ifndef ADK_STACK_WITNESS_H
#define ADK_STACK_WITNESS_H

#include "stack/stack.h"

/* Reports an accepted datagram from source_ipv4, from a MAC that the lane did not remember. */
void adk_witness_datagram(const adk_stack_t *stack, uint32_t source_ipv4, const struct rte_ether_hdr *ethernet);

/* Offers an ARP or ICMP frame to the control plane. True if the mbuf now belongs to it. */
bool adk_witness_offer(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf, const uint8_t *bytes);

/* Shared by both families. Whether a MAC is the one recorded for a neighbour: */
bool adk_witness_stands_for(const adk_neighbour_t *neighbour, const void *mac);
void adk_witness_mark_heard(adk_neighbour_t *neighbour);
/* Offers a frame that contradicts a neighbour (NULL: none); disputed counts those beyond the limit. */
bool adk_witness_put(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    struct rte_mbuf *mbuf,
    adk_neighbour_t *contradicted,
    enum adk_count_en disputed);
void adk_witness_begin(const adk_stack_t *stack, adk_neighbour_t *neighbour);
bool adk_witness_doubts(const adk_stack_t *stack, const adk_neighbour_t *neighbour);

/* The control plane's queries; see api/aeron_dpdk.h. */
void adk_witness_watch(adk_stack_t *stack, uint32_t ipv4);
bool adk_witness_was_heard(const adk_stack_t *stack, uint32_t ipv4);
bool adk_witness_is_disputed(const adk_stack_t *stack, uint32_t ipv4);

#endif
