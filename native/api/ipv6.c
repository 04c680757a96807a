/* The control plane's side of a stack's IPv6. */
#include <errno.h>

#include "api/aeron_dpdk.h"
#include "port/error.h"
#include "stack/ipv6/witness.h"

int adk_local6_set(adk_stack_t *stack, const uint8_t *ipv6, uint8_t prefix_length, int state)
{
    return adk_stack6_set_local(stack, adk_ipv6_of(ipv6), prefix_length, (enum adk_local6_state_en)state);
}

void adk_local6_remove(adk_stack_t *stack, const uint8_t *ipv6)
{
    adk_stack6_remove_local(stack, adk_ipv6_of(ipv6));
}

void adk_gateway6_set(adk_stack_t *stack, const uint8_t *ipv6)
{
    const adk_ipv6_t none = { { 0, 0 } };
    adk_stack6_set_gateway(stack, NULL == ipv6 ? none : adk_ipv6_of(ipv6));
}

int adk_neighbour6_set(adk_stack_t *stack, const uint8_t *ipv6, const uint8_t *mac)
{
    if (NULL == stack->ipv6)
    {
        adk_set_error(EINVAL, "the port has no IPv6");
        return -1;
    }
    return adk_neighbours_set(&stack->ipv6->neighbours, ipv6, mac);
}

void adk_neighbour6_forget(adk_stack_t *stack, const uint8_t *ipv6)
{
    if (NULL != stack->ipv6)
    {
        adk_neighbours_forget(&stack->ipv6->neighbours, ipv6);
    }
}

int adk_neighbour6_was_used(adk_stack_t *stack, const uint8_t *ipv6)
{
    return NULL != stack->ipv6 && adk_neighbours_was_used(&stack->ipv6->neighbours, ipv6);
}

void adk_neighbour6_watch(adk_stack_t *stack, const uint8_t *ipv6)
{
    if (NULL != stack->ipv6)
    {
        adk_witness6_watch(stack, adk_ipv6_of(ipv6));
    }
}

int adk_neighbour6_was_heard(adk_stack_t *stack, const uint8_t *ipv6)
{
    return NULL != stack->ipv6 && adk_witness6_was_heard(stack, adk_ipv6_of(ipv6));
}

int adk_neighbour6_is_disputed(adk_stack_t *stack, const uint8_t *ipv6)
{
    return NULL != stack->ipv6 && adk_witness6_is_disputed(stack, adk_ipv6_of(ipv6));
}

int adk_groups6_heard(adk_stack_t *stack, uint8_t *ipv6, int size)
{
    return size < ADK_GROUPS ? 0 : adk_groups6_joined(stack->groups, ipv6);
}
