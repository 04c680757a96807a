#include "stack/interfaces.h"

#include "stack/groups.h"

/* How near a peer is: a longer prefix wins, then the earlier interface. A gateway counts as a prefix of no bits. */
enum
{
    UNREACHABLE = -1,
    BEYOND_GATEWAY = 0,
    OUR_OWN = 129                     /* more than a prefix of IPv6 has bits */
};

adk_stack_t *adk_interfaces_with(const adk_stack_t *any, uint32_t local_ipv4)
{
    adk_stack_t *stack = any->first;
    while (NULL != stack && rte_be_to_cpu_32(stack->local.ipv4_be) != local_ipv4)
    {
        stack = stack->next;
    }
    return stack;
}

adk_stack_t *adk_interfaces_with6(const adk_stack_t *any, adk_ipv6_t local, enum adk_local6_state_en least)
{
    adk_stack_t *stack = any->first;
    while (NULL != stack && (NULL == stack->ipv6 || adk_locals6_state_of(&stack->ipv6->locals, local) < least))
    {
        stack = stack->next;
    }
    return stack;
}

adk_stack_t *adk_interfaces_first6(const adk_stack_t *any)
{
    adk_stack_t *stack = any->first;
    while (NULL != stack && NULL == stack->ipv6)
    {
        stack = stack->next;
    }
    return stack;
}

/* For an address on the prefix that cannot be a host's, this interface is the one that has to refuse it. */
static int nearness(const adk_stack_t *stack, uint32_t ipv4)
{
    const uint32_t local_ipv4 = rte_be_to_cpu_32(stack->local.ipv4_be);
    const uint8_t length = stack->prefix_length;
    uint32_t next_hop;

    if (ipv4 == local_ipv4)
    {
        return OUR_OWN;
    }
    if (0 != length && 0 == (ipv4 ^ local_ipv4) >> (32 - length))
    {
        return length;
    }
    const enum adk_route_en route = adk_stack_route(stack, ipv4, &next_hop);
    return ADK_ROUTE_UNREACHABLE == route ? UNREACHABLE : ipv4 == stack->gateway_ipv4 ? 32 : BEYOND_GATEWAY;
}

adk_stack_t *adk_interfaces_towards(const adk_stack_t *any, uint32_t ipv4)
{
    adk_stack_t *nearest = NULL;
    int best = UNREACHABLE;
    uint32_t next_hop;

    if (adk_is_group(ipv4))
    {
        return any->first;
    }
    for (adk_stack_t *stack = any->first; NULL != stack; stack = stack->next)
    {
        const int found = nearness(stack, ipv4);
        nearest = found > best ? stack : nearest;
        best = found > best ? found : best;
    }
    return NULL == nearest || ADK_ROUTE_UNREACHABLE == adk_stack_route(nearest, ipv4, &next_hop) ? NULL : nearest;
}

/* Link-local peers count as being on the link of every interface that has IPv6. */
static int nearness6(const adk_stack_t *stack, adk_ipv6_t ipv6)
{
    adk_ipv6_t next_hop;

    if (NULL == stack->ipv6)
    {
        return UNREACHABLE;
    }
    switch (adk_stack6_route(stack->ipv6, ipv6, &next_hop))
    {
        case ADK_ROUTE_LOCAL:
            return OUR_OWN;
        case ADK_ROUTE_UNREACHABLE:
            return UNREACHABLE;
        case ADK_ROUTE_ON_LINK:
            return (int)adk_stack6_prefix_of(stack->ipv6, ipv6);
        default:
            return BEYOND_GATEWAY;
    }
}

adk_stack_t *adk_interfaces_towards6(const adk_stack_t *any, adk_ipv6_t ipv6)
{
    adk_stack_t *nearest = NULL;
    int best = UNREACHABLE;

    for (adk_stack_t *stack = any->first; NULL != stack; stack = stack->next)
    {
        const int found = nearness6(stack, ipv6);
        nearest = found > best ? stack : nearest;
        best = found > best ? found : best;
    }
    return nearest;
}
