#include "transport/group.h"

#include <errno.h>

#include "port/error.h"
#include "port/multicast.h"
#include "port/wakeup.h"
#include "transport/addresses.h"

/* A host that has joined any group must hear queries too, which go to all hosts (RFC 3376 §4.1.12). */
static int join(adk_port_t *port, uint32_t group)
{
    if (adk_port_join(port, INADDR_ALLHOSTS_GROUP) < 0)
    {
        return -1;
    }
    if (adk_port_join(port, group) < 0)
    {
        adk_port_leave(port, INADDR_ALLHOSTS_GROUP);
        return -1;
    }
    return 0;
}

static void leave(adk_port_t *port, uint32_t group)
{
    adk_port_leave(port, group);
    adk_port_leave(port, INADDR_ALLHOSTS_GROUP);
}

int adk_group_open(adk_transport_t *state, struct sockaddr_storage *group, struct sockaddr_storage *interface_address)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)group;

    if (AF_INET != group->ss_family || NULL == interface_address)
    {
        return adk_check_bind_address(state->stack, group);
    }
    if (adk_check_bind_address(state->stack, interface_address) < 0)
    {
        return -1;
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(address->sin_addr.s_addr);
    if (join(&state->stack->port, ipv4) < 0)
    {
        AERON_SET_ERR(adk_error_code(), "multicast: %s", adk_error_text());
        return -1;
    }
    const uint64_t key = adk_group_key(address->sin_addr.s_addr, address->sin_port);
    state->group_slot = adk_groups_reserve(state->stack->groups, key, state);
    if (state->group_slot < 0)
    {
        leave(&state->stack->port, ipv4);
        AERON_SET_ERR(ENOBUFS, "multicast: this driver hears no more than %d groups", ADK_GROUPS);
        return -1;
    }
    adk_wakeup_give(state->stack->port.wakeup);
    state->group = ipv4;
    state->port = rte_be_to_cpu_16(address->sin_port);
    return 0;
}

void adk_group_close(adk_transport_t *state)
{
    adk_groups_release(state->stack->groups, state->group_slot);
    adk_wakeup_give(state->stack->port.wakeup);
    leave(&state->stack->port, state->group);
    state->group_slot = -1;
}

/* ---- hot path ---- */

static uint64_t key_of(view_t view)
{
    return adk_group_key(ipv4_of(view)->dst_addr, udp_of(view)->dst_port);
}

/* Aeron may write into the bytes it is given, so every transport but the last gets a copy. */
static void deliver_to_all(adk_poller_t *poller, adk_lane_t *lane, view_t view, int first, bool is_last)
{
    const adk_groups_t *groups = poller->stack->groups;
    const enum adk_role_en role = poller->lane->role;
    const uint64_t key = key_of(view);

    for (int slot = first; slot >= 0;)
    {
        const int next = adk_groups_next(groups, key, role, slot + 1);
        view_t given = view;
        if (next >= 0 || !is_last)
        {
            memcpy(poller->group_copy, view.bytes, view.payload_offset + view.payload_length);
            given.bytes = poller->group_copy;
        }
        deliver_and_note(poller, lane, groups->slots[slot].owner, given);
        slot = next;
    }
}

bool adk_group_hand_off(adk_poller_t *poller, struct rte_mbuf *mbuf, view_t view, bool is_copied)
{
    struct rte_mbuf *handed = is_copied ? rte_pktmbuf_copy(mbuf, mbuf->pool, 0, UINT32_MAX) : mbuf;
    const bool is_taken = NULL != handed && hand_off(poller, handed, view);

    if (NULL == handed)
    {
        adk_count(poller->lane, ADK_COUNT_HANDOFF_FULL, 1);
    }
    else if (!is_taken && is_copied)
    {
        rte_pktmbuf_free(handed);
    }
    return is_taken && !is_copied;
}

bool adk_group_on_datagram(adk_poller_t *poller, struct rte_mbuf *mbuf, const view_t *datagram)
{
    const view_t view = *datagram;
    const adk_groups_t *groups = poller->stack->groups;
    const enum adk_role_en role = poller->lane->role;
    const enum adk_role_en other_role = ADK_ROLE_SENDER == role ? ADK_ROLE_RECEIVER : ADK_ROLE_SENDER;
    const int own = adk_groups_next(groups, key_of(view), role, 0);
    const int others = adk_groups_next(groups, key_of(view), other_role, 0);
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

void adk_group_on_inbox(adk_poller_t *poller, const view_t *datagram)
{
    const view_t view = *datagram;
    const int first = adk_groups_next(poller->stack->groups, key_of(view), poller->lane->role, 0);

    if (first < 0)
    {
        adk_count(poller->lane, ADK_COUNT_RX_NOT_OUR_GROUP, 1);
        return;
    }
    deliver_to_all(poller, poller->lane, view, first, true);
}
