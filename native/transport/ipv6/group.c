#include "transport/ipv6/group.h"

#include <errno.h>

#include "port/error.h"
#include "port/multicast.h"
#include "transport/addresses.h"
#include "transport/group.h"

int adk_group6_open(adk_transport_t *state, struct sockaddr_storage *group, struct sockaddr_storage *interface_address)
{
    const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)group;
    adk_stack_t *stack = state->stack;
    uint8_t mac[RTE_ETHER_ADDR_LEN];

    if (NULL == interface_address || adk_check_bind_address(stack, interface_address) < 0)
    {
        return NULL == interface_address ? adk_check_bind_address(stack, group) : -1;
    }
    state->group6 = adk_ipv6_of(&address->sin6_addr);
    adk_ipv6_group_mac(state->group6, mac);
    if (adk_port_join_mac(&stack->port, mac) < 0)
    {
        AERON_SET_ERR(adk_error_code(), "multicast: %s", adk_error_text());
        return -1;
    }
    state->group_slot = adk_groups6_reserve(stack->groups, state->group6, address->sin6_port, state);
    if (state->group_slot < 0)
    {
        adk_port_leave_mac(&stack->port, mac);
        AERON_SET_ERR(ENOBUFS, "multicast: this driver hears no more than %d groups", ADK_GROUPS);
        return -1;
    }
    adk_wakeup_give(stack->port.wakeup);
    state->port = rte_be_to_cpu_16(address->sin6_port);
    return 0;
}

void adk_group6_close(adk_transport_t *state)
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];

    adk_groups_release(state->stack->groups, state->group_slot);
    adk_wakeup_give(state->stack->port.wakeup);
    adk_ipv6_group_mac(state->group6, mac);
    adk_port_leave_mac(&state->stack->port, mac);
    state->group_slot = -1;
}

/* ---- hot path ---- */

static int next_hearer(const adk_groups_t *groups, view_t view, enum adk_role_en role, int first)
{
    const adk_ipv6_t group = adk_ipv6_of(header6_of(view)->destination);
    return adk_groups6_next(groups, group, udp_of(view)->dst_port, role, first);
}

/* Aeron may write into the bytes it is given, so every transport but the last gets a copy. */
static void deliver_to_all(adk_poller_t *poller, adk_lane_t *lane, view_t view, int first, bool is_last)
{
    const adk_groups_t *groups = poller->stack->groups;

    for (int slot = first; slot >= 0;)
    {
        const int next = next_hearer(groups, view, poller->lane->role, slot + 1);
        view_t given = view;
        if (next >= 0 || !is_last)
        {
            memcpy(poller->group_copy, view.bytes, view.payload_offset + view.payload_length);
            given.bytes = poller->group_copy;
        }
        deliver6_and_note(poller, lane, groups->slots[slot].owner, given);
        slot = next;
    }
}

bool adk_group6_on_datagram(adk_poller_t *poller, struct rte_mbuf *mbuf, const view_t *datagram)
{
    const view_t view = *datagram;
    const adk_groups_t *groups = poller->stack->groups;
    const enum adk_role_en role = poller->lane->role;
    const enum adk_role_en other_role = ADK_ROLE_SENDER == role ? ADK_ROLE_RECEIVER : ADK_ROLE_SENDER;
    const int own = next_hearer(groups, view, role, 0);
    const int others = next_hearer(groups, view, other_role, 0);
    adk_poller_t *sibling = ready_sibling(poller);
    bool is_given_away = false;

    if (own < 0 && others < 0)
    {
        adk_drop(poller->lane, ADK_COUNT_RX_NOT_OUR_GROUP);
        return false;
    }
    if (others >= 0 && NULL != sibling)
    {
        deliver_to_all(sibling, poller->lane, view, others, own < 0);
    }
    else if (others >= 0)
    {
        is_given_away = adk_group_hand_off(poller, mbuf, view, own >= 0);
    }
    if (own >= 0)
    {
        deliver_to_all(poller, poller->lane, view, own, true);
    }
    return is_given_away;
}

void adk_group6_on_inbox(adk_poller_t *poller, const view_t *datagram)
{
    const view_t view = *datagram;
    const int first = next_hearer(poller->stack->groups, view, poller->lane->role, 0);

    if (first < 0)
    {
        adk_count(poller->lane, ADK_COUNT_RX_NOT_OUR_GROUP, 1);
        return;
    }
    deliver_to_all(poller, poller->lane, view, first, true);
}
