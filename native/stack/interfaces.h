/*
 * The interfaces of one driver: a chain of stacks. Tells which of them a channel is on and which leads to a peer, as
 * the kernel would decide. any: any stack of the chain. For the conductor, and for preparing a destination; never
 * called per frame.
 */
#ifndef ADK_STACK_INTERFACES_H
#define ADK_STACK_INTERFACES_H

#include "stack/ipv6/stack.h"

static inline bool adk_interfaces_are_several(const adk_stack_t *stack)
{
    return NULL != stack->first->next;
}

/*
 * The interface that has the address; NULL: none of ours. For IPv6, an address in any state, or only one that can be
 * bound.
 */
adk_stack_t *adk_interfaces_with(const adk_stack_t *any, uint32_t local_ipv4);
adk_stack_t *adk_interfaces_with6(const adk_stack_t *any, adk_ipv6_t local, enum adk_local6_state_en least);

/*
 * The interface that leads to the peer: the one whose own address it is, else the one with the longest matching prefix,
 * else the first with a gateway; NULL if there is none. A group has no route, so the first interface is used; for a
 * link-local peer, the first that has IPv6.
 */
adk_stack_t *adk_interfaces_towards(const adk_stack_t *any, uint32_t ipv4);
adk_stack_t *adk_interfaces_towards6(const adk_stack_t *any, adk_ipv6_t ipv6);

/* The first that has IPv6, or NULL. */
adk_stack_t *adk_interfaces_first6(const adk_stack_t *any);

#endif
