/* The MACs that a lane remembers of IPv6 sources; see adk_source_t in stack/lane.h. */
#ifndef ADK_STACK_IPV6_SOURCES_H
#define ADK_STACK_IPV6_SOURCES_H

#include "stack/ipv6/stack.h"

/*
 * Hashes by bits of the interface identifier: neighbours differ in the last ones, addresses made from MACs in those
 * before.
 */
static inline adk_source6_t *adk_source6(adk_lane6_t *lane6, adk_ipv6_t ipv6)
{
    const uint64_t word = ipv6.words[1];
    return &lane6->sources[(word >> 56 ^ word >> 48) & (ADK_SOURCES - 1)];
}

/* A frame from this source and its MAC was accepted before. */
static inline bool adk_source6_is_known(adk_lane6_t *lane6, adk_ipv6_t ipv6, const struct rte_ether_hdr *ethernet)
{
    const adk_source6_t *source = adk_source6(lane6, ipv6);
    return adk_ipv6_is_same(source->ipv6, ipv6) &&
        source->mac_and_type == adk_word_64(&ethernet->src_addr) &&
        !atomic_load_explicit(&source->is_doubted, memory_order_relaxed);
}

/* Called for accepted datagrams only. Clears the mark first, so that a doubt raised in the meantime stays. */
static inline void adk_source6_note(adk_lane6_t *lane6, adk_ipv6_t ipv6, const struct rte_ether_hdr *ethernet)
{
    adk_source6_t *source = adk_source6(lane6, ipv6);
    atomic_store_explicit(&source->is_doubted, false, memory_order_relaxed);
    __atomic_store_n(&source->ipv6.words[0], ipv6.words[0], __ATOMIC_RELAXED);
    __atomic_store_n(&source->ipv6.words[1], ipv6.words[1], __ATOMIC_RELAXED);
    source->mac_and_type = adk_word_64(&ethernet->src_addr);
}

#endif
