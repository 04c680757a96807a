#include "stack/ipv6/stack.h"

#include <errno.h>

#include <rte_malloc.h>

#include "port/error.h"
#include "port/multicast.h"
#include "stack/ipv6/endpoints.h"

int adk_stack6_open(adk_stack_t *stack, const char *name, int socket_id)
{
    adk_stack6_t *stack6 = rte_zmalloc_socket("adk_stack6", sizeof(*stack6), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == stack6)
    {
        adk_set_error(ENOMEM, "no memory for IPv6 (%zu bytes)", sizeof(*stack6));
        return -1;
    }
    stack->ipv6 = stack6;
    memcpy(stack6->locals.mac, stack->port.mac, sizeof(stack6->locals.mac));
    stack6->lanes = rte_zmalloc_socket(
        "adk_lanes6", ADK_ROLE_CONTROL * sizeof(adk_lane6_t), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == stack6->lanes)
    {
        adk_set_error(ENOMEM, "no memory for %d lanes with IPv6", ADK_ROLE_CONTROL);
        return -1;
    }
    for (int role = 0; role < ADK_ROLE_CONTROL; role++)
    {
        stack6->lanes[role].source_address.ss_family = AF_INET6;
    }
    return adk_endpoints_open(&stack6->endpoints, socket_id) < 0
        ? -1
        : adk_neighbours_open(&stack6->neighbours, name, ADK_IPV6_LENGTH, stack->quiescence, socket_id);
}

void adk_stack6_close(adk_stack_t *stack)
{
    adk_stack6_t *stack6 = stack->ipv6;
    if (NULL != stack6)
    {
        adk_neighbours_close(&stack6->neighbours);
        adk_endpoints6_close(stack6);
        adk_endpoints_close(&stack6->endpoints);
        rte_free(stack6->lanes);
        rte_free(stack6);
        stack->ipv6 = NULL;
    }
}

/* ---- addresses and the gateway ---- */

/* To destinations on all interfaces: another interface may lead there now. */
static void tell_moved(adk_stack_t *stack)
{
    for (adk_stack_t *each = stack->first; NULL != each; each = each->next)
    {
        if (NULL != each->ipv6)
        {
            (void)atomic_fetch_add_explicit(&each->ipv6->moved, 1, memory_order_release);
        }
    }
}

/* Joins the groups through which neighbours look up an address. */
static int hear(adk_port_t *port, adk_ipv6_t address)
{
    uint8_t solicited[RTE_ETHER_ADDR_LEN];
    uint8_t all_nodes[RTE_ETHER_ADDR_LEN];

    adk_ipv6_group_mac(adk_ipv6_solicited_node(address), solicited);
    adk_ipv6_group_mac(adk_ipv6_all_nodes(), all_nodes);
    if (adk_port_join_mac(port, all_nodes) < 0)
    {
        return -1;
    }
    if (adk_port_join_mac(port, solicited) < 0)
    {
        adk_port_leave_mac(port, all_nodes);
        return -1;
    }
    return 0;
}

static void hear_no_more(adk_port_t *port, adk_ipv6_t address)
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];

    adk_ipv6_group_mac(adk_ipv6_solicited_node(address), mac);
    adk_port_leave_mac(port, mac);
    adk_ipv6_group_mac(adk_ipv6_all_nodes(), mac);
    adk_port_leave_mac(port, mac);
}

/* The address's slot; if it has none, a free one, or NULL. */
static adk_local6_t *slot_for(adk_locals6_t *locals, adk_ipv6_t address)
{
    adk_local6_t *free_slot = NULL;
    for (uint32_t i = 0; i < ADK_LOCALS6; i++)
    {
        adk_local6_t *slot = &locals->slots[i];
        const bool is_free = ADK_LOCAL6_NONE == adk_local6_state(slot);
        if (!is_free && adk_ipv6_is_same(address, adk_local6_address(slot)))
        {
            return slot;
        }
        free_slot = is_free && NULL == free_slot ? slot : free_slot;
    }
    return free_slot;
}

static int add(adk_stack_t *stack, adk_local6_t *slot, adk_ipv6_t address)
{
    adk_locals6_t *locals = &stack->ipv6->locals;
    const uint32_t length = (uint32_t)(slot - locals->slots) + 1;

    if (hear(&stack->port, address) < 0)
    {
        return -1;
    }
    atomic_store_explicit(&slot->words[0], address.words[0], memory_order_relaxed);
    atomic_store_explicit(&slot->words[1], address.words[1], memory_order_relaxed);
    if (length > adk_locals6_length(locals))
    {
        atomic_store_explicit(&locals->length, length, memory_order_release);
    }
    return 0;
}

int adk_stack6_set_local(adk_stack_t *stack, adk_ipv6_t address, uint8_t prefix_length, enum adk_local6_state_en state)
{
    adk_stack6_t *stack6 = stack->ipv6;
    adk_local6_t *slot = NULL == stack6 ? NULL : slot_for(&stack6->locals, address);
    const bool is_host = !adk_ipv6_is_multicast(address) &&
        !adk_ipv6_is_unspecified(address) &&
        !adk_ipv6_is_loopback(address) &&
        !adk_ipv6_is_mapped(address);

    if (NULL == stack6 || !is_host || prefix_length > 128)
    {
        adk_set_error(EINVAL, NULL == stack6 ? "the port has no IPv6" : "not an IPv6 address of a host");
        return -1;
    }
    if (NULL == slot)
    {
        adk_set_error(ENOBUFS, "no more than %d IPv6 addresses", ADK_LOCALS6);
        return -1;
    }
    if (ADK_LOCAL6_NONE == adk_local6_state(slot) && add(stack, slot, address) < 0)
    {
        return -1;
    }
    atomic_store_explicit(&slot->prefix_length, prefix_length, memory_order_relaxed);
    atomic_store_explicit(&slot->state, state, memory_order_release);
    tell_moved(stack);
    return 0;
}

void adk_stack6_remove_local(adk_stack_t *stack, adk_ipv6_t address)
{
    adk_stack6_t *stack6 = stack->ipv6;
    adk_local6_t *slot = NULL == stack6 ? NULL : slot_for(&stack6->locals, address);

    if (NULL != slot && ADK_LOCAL6_NONE != adk_local6_state(slot))
    {
        atomic_store_explicit(&slot->state, ADK_LOCAL6_NONE, memory_order_release);
        hear_no_more(&stack->port, address);
        tell_moved(stack);
    }
}

void adk_stack6_set_gateway(adk_stack_t *stack, adk_ipv6_t address)
{
    adk_stack6_t *stack6 = stack->ipv6;
    if (NULL != stack6)
    {
        atomic_store_explicit(&stack6->gateway[0], address.words[0], memory_order_relaxed);
        atomic_store_explicit(&stack6->gateway[1], address.words[1], memory_order_relaxed);
        tell_moved(stack);
    }
}

/* ---- where an address leads, and which source address to use ---- */

/* The longest of our prefixes that the destination is on; 0: none. */
static uint32_t longest_prefix(const adk_locals6_t *locals, adk_ipv6_t destination)
{
    const uint32_t length = adk_locals6_length(locals);
    uint32_t longest = 0;

    for (uint32_t i = 0; i < length; i++)
    {
        const adk_local6_t *slot = &locals->slots[i];
        const uint32_t prefix_length = atomic_load_explicit(&slot->prefix_length, memory_order_relaxed);
        if (ADK_LOCAL6_USABLE == adk_local6_state(slot) &&
            prefix_length > longest &&
            adk_ipv6_has_prefix(destination, adk_local6_address(slot), prefix_length))
        {
            longest = prefix_length;
        }
    }
    return longest;
}

static adk_ipv6_t gateway_of(const adk_stack6_t *stack6)
{
    return (adk_ipv6_t){ { atomic_load_explicit(&stack6->gateway[0], memory_order_relaxed),
                           atomic_load_explicit(&stack6->gateway[1], memory_order_relaxed) } };
}

uint32_t adk_stack6_prefix_of(const adk_stack6_t *stack6, adk_ipv6_t destination)
{
    return adk_ipv6_is_same(destination, gateway_of(stack6)) ? 128 : longest_prefix(&stack6->locals, destination);
}

static bool is_on_link(const adk_locals6_t *locals, adk_ipv6_t destination)
{
    return 0 != longest_prefix(locals, destination) || adk_ipv6_is_link_local(destination);
}

enum adk_route_en adk_stack6_route(const adk_stack6_t *stack6, adk_ipv6_t destination, adk_ipv6_t *next_hop)
{
    const adk_ipv6_t gateway = gateway_of(stack6);

    *next_hop = destination;
    if (ADK_LOCAL6_USABLE == adk_locals6_state_of(&stack6->locals, destination))
    {
        return ADK_ROUTE_LOCAL;
    }
    if (adk_ipv6_is_unspecified(adk_stack6_source_for(stack6, destination)))
    {
        return ADK_ROUTE_UNREACHABLE;
    }
    if (adk_ipv6_is_multicast(destination))
    {
        return ADK_ROUTE_GROUP;
    }
    if (adk_ipv6_is_unspecified(destination) ||
        adk_ipv6_is_loopback(destination) ||
        adk_ipv6_is_mapped(destination) ||
        ADK_LOCAL6_NONE != adk_locals6_state_of(&stack6->locals, destination))
    {
        return ADK_ROUTE_UNREACHABLE;
    }
    if (is_on_link(&stack6->locals, destination) || adk_ipv6_is_same(destination, gateway))
    {
        return ADK_ROUTE_ON_LINK;
    }
    *next_hop = gateway;
    return adk_ipv6_is_unspecified(gateway) ? ADK_ROUTE_UNREACHABLE : ADK_ROUTE_GATEWAY;
}

adk_ipv6_t adk_stack6_source_for(const adk_stack6_t *stack6, adk_ipv6_t destination)
{
    const bool is_link = adk_ipv6_is_link_local(destination) || adk_ipv6_is_link_group(destination);
    const uint32_t length = adk_locals6_length(&stack6->locals);
    adk_ipv6_t best = { { 0, 0 } };
    uint32_t best_rank = 0;

    for (uint32_t i = 0; i < length; i++)
    {
        const adk_local6_t *slot = &stack6->locals.slots[i];
        const adk_ipv6_t address = adk_local6_address(slot);
        const bool is_same = adk_ipv6_is_same(address, destination);
        const bool is_of_scope = is_link == adk_ipv6_is_link_local(address);
        /* From off the link, nobody could answer a link-local address. */
        const bool fits = is_of_scope || is_link || is_same;
        const uint32_t rank = 1 + adk_ipv6_common_prefix(address, destination) + (is_of_scope ? 256 : 0);
        if (ADK_LOCAL6_USABLE == adk_local6_state(slot) && fits && (is_same || rank > best_rank))
        {
            best = address;
            best_rank = is_same ? UINT32_MAX : rank;
        }
    }
    return best;
}
