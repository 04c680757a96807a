/*
 * Which transport owns a UDP port of IPv6, where an interface has several addresses. All ports are in one array, as
 * with IPv4. A port that a channel on a second address has too is in a further array, of that address alone, made when
 * it is first needed: until then a frame costs one question more.
 */
#ifndef ADK_STACK_IPV6_ENDPOINTS_H
#define ADK_STACK_IPV6_ENDPOINTS_H

#include "stack/ipv6/stack.h"

/* The array of an address of ours; NULL where it has none of its own. Any thread. */
adk_endpoints_t *adk_endpoints6_of_address(const adk_stack6_t *stack6, adk_ipv6_t address);

/* Conductor. Makes it where there is none; NULL without memory, or where the address is none of ours. */
adk_endpoints_t *adk_endpoints6_make(adk_stack_t *stack, adk_ipv6_t address);

/* Conductor: whether an address has the port in an array of its own; unspecified: whether any one has. */
bool adk_endpoints6_has(const adk_stack6_t *stack6, adk_ipv6_t address, uint16_t port);

/* Of the address with that place among ours; NULL where it has none. Any thread. */
static inline adk_endpoints_t *adk_endpoints6_at(const adk_stack6_t *stack6, int index)
{
    return atomic_load_explicit(&stack6->own_endpoints[index], memory_order_acquire);
}

void adk_endpoints6_close(adk_stack6_t *stack6);

/* ---- hot path ---- */

/* The address's own slot where it is in use, else the one for all. */
const adk_endpoint_t *adk_endpoint6_among(const adk_stack6_t *stack6, adk_ipv6_t address, rte_be16_t port_be);

static inline const adk_endpoint_t *adk_endpoint6_of(const adk_stack6_t *stack6, adk_ipv6_t address, rte_be16_t port_be)
{
    return __builtin_expect(atomic_load_explicit(&stack6->has_own_endpoints, memory_order_acquire), 0)
        ? adk_endpoint6_among(stack6, address, port_be)
        : &stack6->endpoints.slots[port_be];
}

#endif
