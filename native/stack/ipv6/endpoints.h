/*
 * Which transport owns a UDP port of IPv6, where an interface has several addresses. All ports are in one array, as
 * with IPv4. If a channel on a second address uses a port that is already taken, it goes into a further array for that
 * address alone, made when first needed: until then a frame costs only one more check.
 */
#ifndef ADK_STACK_IPV6_ENDPOINTS_H
#define ADK_STACK_IPV6_ENDPOINTS_H

#include "stack/ipv6/stack.h"

/* The array of one of our addresses; NULL if the address has no array to itself. Any thread. */
adk_endpoints_t *adk_endpoints6_of_address(const adk_stack6_t *stack6, adk_ipv6_t address);

/* Conductor. Makes the array if there is none; NULL without memory, or if the address is not ours. */
adk_endpoints_t *adk_endpoints6_make(adk_stack_t *stack, adk_ipv6_t address);

/* Conductor: whether the port is in use in the address's own array; unspecified: in any address's own array. */
bool adk_endpoints6_has(const adk_stack6_t *stack6, adk_ipv6_t address, uint16_t port);

/* The own array of the address with that index; NULL if it has none. Any thread. */
static inline adk_endpoints_t *adk_endpoints6_at(const adk_stack6_t *stack6, int index)
{
    return atomic_load_explicit(&stack6->own_endpoints[index], memory_order_acquire);
}

void adk_endpoints6_close(adk_stack6_t *stack6);

/* ---- hot path ---- */

/* The slot in the address's own array if it is in use, else the one in the array for all addresses. */
const adk_endpoint_t *adk_endpoint6_among(const adk_stack6_t *stack6, adk_ipv6_t address, rte_be16_t port_be);

static inline const adk_endpoint_t *adk_endpoint6_of(const adk_stack6_t *stack6, adk_ipv6_t address, rte_be16_t port_be)
{
    return __builtin_expect(atomic_load_explicit(&stack6->has_own_endpoints, memory_order_acquire), 0)
        ? adk_endpoint6_among(stack6, address, port_be)
        : &stack6->endpoints.slots[port_be];
}

#endif
