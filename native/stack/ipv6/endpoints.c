#include "stack/ipv6/endpoints.h"

#include <rte_malloc.h>

/*
 * Index of the address's slot. A slot outlives its address: a channel bound to a removed address hears nothing any
 * more.
 */
static int index_of(const adk_stack6_t *stack6, adk_ipv6_t address)
{
    const uint32_t length = adk_locals6_length(&stack6->locals);
    for (uint32_t i = 0; i < length; i++)
    {
        if (adk_ipv6_is_same(address, adk_local6_address(&stack6->locals.slots[i])))
        {
            return (int)i;
        }
    }
    return -1;
}

adk_endpoints_t *adk_endpoints6_of_address(const adk_stack6_t *stack6, adk_ipv6_t address)
{
    const int index = index_of(stack6, address);
    return index < 0 ? NULL : adk_endpoints6_at(stack6, index);
}

adk_endpoints_t *adk_endpoints6_make(adk_stack_t *stack, adk_ipv6_t address)
{
    adk_stack6_t *stack6 = stack->ipv6;
    const int socket_id = rte_eth_dev_socket_id(stack->port.id);
    const int index = index_of(stack6, address);
    adk_endpoints_t *made = index < 0 ? NULL : adk_endpoints6_at(stack6, index);

    if (NULL != made || index < 0)
    {
        return made;
    }
    made = rte_zmalloc_socket("adk_endpoints6", sizeof(*made), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == made || adk_endpoints_open(made, socket_id) < 0)
    {
        rte_free(made);
        return NULL;
    }
    atomic_store_explicit(&stack6->own_endpoints[index], made, memory_order_release);
    atomic_store_explicit(&stack6->has_own_endpoints, true, memory_order_release);
    return made;
}

static bool is_used(const adk_endpoints_t *endpoints, rte_be16_t port_be)
{
    return NULL != endpoints && ADK_ENDPOINT_FREE != adk_endpoint_state(&endpoints->slots[port_be]);
}

bool adk_endpoints6_has(const adk_stack6_t *stack6, adk_ipv6_t address, uint16_t port)
{
    const rte_be16_t port_be = rte_cpu_to_be_16(port);

    if (!adk_ipv6_is_unspecified(address))
    {
        return is_used(adk_endpoints6_of_address(stack6, address), port_be);
    }
    for (int i = 0; i < ADK_LOCALS6; i++)
    {
        if (is_used(adk_endpoints6_at(stack6, i), port_be))
        {
            return true;
        }
    }
    return false;
}

void adk_endpoints6_close(adk_stack6_t *stack6)
{
    for (int i = 0; i < ADK_LOCALS6; i++)
    {
        adk_endpoints_t *made = adk_endpoints6_at(stack6, i);
        if (NULL != made)
        {
            adk_endpoints_close(made);
            rte_free(made);
        }
    }
}

__rte_noinline const adk_endpoint_t *adk_endpoint6_among(
    const adk_stack6_t *stack6, adk_ipv6_t address, rte_be16_t port_be)
{
    const adk_endpoints_t *own = adk_endpoints6_of_address(stack6, address);
    return is_used(own, port_be) ? &own->slots[port_be] : &stack6->endpoints.slots[port_be];
}
