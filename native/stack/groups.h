/*
 * Which transports hear a multicast group on a UDP port. Several may hear the same group, so the array of endpoints
 * cannot tell them apart; this table is searched for multicast frames only. Which thread does what with a slot, and
 * when, is as in stack/endpoints.h.
 */
#ifndef ADK_STACK_GROUPS_H
#define ADK_STACK_GROUPS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "stack/endpoints.h"
#include "wire/ipv6/address.h"

#define ADK_GROUPS (256)

/* Group and UDP port in network order; 0: no group. */
static inline uint64_t adk_group_key(rte_be32_t ipv4_be, rte_be16_t port_be)
{
    return (uint64_t)ipv4_be << 16 | port_be;
}

/* Set in the key of an IPv6 group, whose address is stored beside the key. */
#define ADK_GROUP_IPV6 (UINT64_C(1) << 63)

static inline uint64_t adk_group6_key(rte_be16_t port_be)
{
    return ADK_GROUP_IPV6 | port_be;
}

typedef struct adk_group_stct
{
    void *owner;
    _Atomic uint64_t key;
    _Atomic uint32_t state;           /* enum adk_endpoint_state_en */
    _Atomic uint64_t ipv6[2];         /* of an IPv6 group */
} adk_group_t;

typedef struct adk_groups_stct
{
    _Atomic uint32_t length;          /* slots from here on have never been used */
    _Atomic uint32_t changes;         /* counts changes of membership, for the control plane */
    adk_group_t slots[ADK_GROUPS];
} adk_groups_t;

/* Conductor. Returns the slot, or -ENOBUFS. */
int adk_groups_reserve(adk_groups_t *groups, uint64_t key, void *owner);
int adk_groups6_reserve(adk_groups_t *groups, adk_ipv6_t group, rte_be16_t port_be, void *owner);
void adk_groups_release(adk_groups_t *groups, int slot);

/* Owning thread. */
void adk_groups_publish(adk_groups_t *groups, int slot, enum adk_role_en role);
void adk_groups_withdraw(adk_groups_t *groups, int slot);

/* Any thread: how often a slot was reserved or released. A later adk_groups_joined() is at least as recent. */
static inline uint32_t adk_groups_changes(const adk_groups_t *groups)
{
    return atomic_load_explicit(&groups->changes, memory_order_acquire);
}

/* Any thread: the groups of all slots in use, in host byte order, one per slot. Returns their number. */
int adk_groups_joined(const adk_groups_t *groups, uint32_t ipv4[ADK_GROUPS]);

/* The same for IPv6 groups, 16 bytes each. */
int adk_groups6_joined(const adk_groups_t *groups, uint8_t *ipv6);

/*
 * The next slot from first on that the role's thread polls for key, or -1. Any thread, but mind the rule for the owner.
 */
static inline int adk_groups_next(const adk_groups_t *groups, uint64_t key, enum adk_role_en role, int first)
{
    const uint32_t polled_by = adk_endpoint_polled_by(role);
    const int length = (int)atomic_load_explicit(&groups->length, memory_order_acquire);

    for (int slot = first; slot < length; slot++)
    {
        const adk_group_t *group = &groups->slots[slot];
        if (polled_by == atomic_load_explicit(&group->state, memory_order_acquire) &&
            key == atomic_load_explicit(&group->key, memory_order_relaxed))
        {
            return slot;
        }
    }
    return -1;
}

static inline adk_ipv6_t adk_group_ipv6(const adk_group_t *group)
{
    return (adk_ipv6_t){ { atomic_load_explicit(&group->ipv6[0], memory_order_relaxed),
                           atomic_load_explicit(&group->ipv6[1], memory_order_relaxed) } };
}

static inline int adk_groups6_next(
    const adk_groups_t *groups, adk_ipv6_t address, rte_be16_t port_be, enum adk_role_en role, int first)
{
    const uint64_t key = adk_group6_key(port_be);
    int slot = adk_groups_next(groups, key, role, first);

    while (slot >= 0 && !adk_ipv6_is_same(address, adk_group_ipv6(&groups->slots[slot])))
    {
        slot = adk_groups_next(groups, key, role, slot + 1);
    }
    return slot;
}

/* ipv4: host byte order. */
static inline bool adk_is_group(uint32_t ipv4)
{
    return IN_MULTICAST(ipv4);
}

#endif
