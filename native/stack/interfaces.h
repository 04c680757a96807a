/*
 * The interfaces of one driver: a chain of stacks. Which of them a channel is on, and which leads to a peer, as the
 * kernel would say. any: one of the chain, no matter which. For the conductor, and for preparing a destination: nothing
 * per frame.
 */
#ifndef ADK_STACK_INTERFACES_H
#define ADK_STACK_INTERFACES_H

#include "stack/ipv6/stack.h"

static inline bool adk_interfaces_are_several(const adk_stack_t *stack)
{
    return NULL != stack->first->next;
}

/* The one that has the address; NULL: none of ours. Of IPv6 an address in any state, or only one to bind to. */
adk_stack_t *adk_interfaces_with(const adk_stack_t *any, uint32_t local_ipv4);
adk_stack_t *adk_interfaces_with6(const adk_stack_t *any, adk_ipv6_t local, enum adk_local6_state_en least);

/*
 * The one that leads to the peer: ours, else the longest prefix that it is on, else the first with a gateway. NULL where
 * none does. A group, which has no route, leads to the first; so does a link-local peer, of those that have IPv6.
 */
adk_stack_t *adk_interfaces_towards(const adk_stack_t *any, uint32_t ipv4);
adk_stack_t *adk_interfaces_towards6(const adk_stack_t *any, adk_ipv6_t ipv6);

/* The first that has IPv6, or NULL. */
adk_stack_t *adk_interfaces_first6(const adk_stack_t *any);

#endif
