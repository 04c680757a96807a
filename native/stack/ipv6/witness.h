/* What stack/witness.h does for IPv4 and ARP, done for IPv6 and neighbour discovery. */
#ifndef ADK_STACK_IPV6_WITNESS_H
#define ADK_STACK_IPV6_WITNESS_H

#include "stack/ipv6/stack.h"

/* Reports an accepted datagram from a MAC that the lane did not remember. */
void adk_witness6_datagram(const adk_stack6_t *stack6, adk_ipv6_t source, const struct rte_ether_hdr *ethernet);

/* Offers an ICMPv6 frame to the control plane. True if the mbuf now belongs to it. */
bool adk_witness6_offer(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf, const uint8_t *bytes);

/* The control plane's queries; see api/aeron_dpdk.h. */
void adk_witness6_watch(adk_stack_t *stack, adk_ipv6_t address);
bool adk_witness6_was_heard(const adk_stack_t *stack, adk_ipv6_t address);
bool adk_witness6_is_disputed(const adk_stack_t *stack, adk_ipv6_t address);

#endif
