#include "stack/groups.h"

#include <errno.h>

static int reserve(adk_groups_t *groups, uint64_t key, adk_ipv6_t address, void *owner)
{
    for (int slot = 0; slot < ADK_GROUPS; slot++)
    {
        adk_group_t *group = &groups->slots[slot];
        if (ADK_ENDPOINT_FREE != atomic_load_explicit(&group->state, memory_order_acquire))
        {
            continue;
        }
        group->owner = owner;
        atomic_store_explicit(&group->key, key, memory_order_relaxed);
        atomic_store_explicit(&group->ipv6[0], address.words[0], memory_order_relaxed);
        atomic_store_explicit(&group->ipv6[1], address.words[1], memory_order_relaxed);
        atomic_store_explicit(&group->state, ADK_ENDPOINT_RESERVED, memory_order_release);
        if ((uint32_t)slot >= atomic_load_explicit(&groups->length, memory_order_relaxed))
        {
            atomic_store_explicit(&groups->length, (uint32_t)slot + 1, memory_order_release);
        }
        (void)atomic_fetch_add_explicit(&groups->changes, 1, memory_order_release);
        return slot;
    }
    return -ENOBUFS;
}

int adk_groups_reserve(adk_groups_t *groups, uint64_t key, void *owner)
{
    return reserve(groups, key, (adk_ipv6_t){ { 0, 0 } }, owner);
}

int adk_groups6_reserve(adk_groups_t *groups, adk_ipv6_t group, rte_be16_t port_be, void *owner)
{
    return reserve(groups, adk_group6_key(port_be), group, owner);
}

void adk_groups_release(adk_groups_t *groups, int slot)
{
    groups->slots[slot].owner = NULL;
    atomic_store_explicit(&groups->slots[slot].state, ADK_ENDPOINT_FREE, memory_order_release);
    (void)atomic_fetch_add_explicit(&groups->changes, 1, memory_order_release);
}

static bool is_in_use(const adk_group_t *group)
{
    return ADK_ENDPOINT_FREE != atomic_load_explicit(&group->state, memory_order_acquire);
}

int adk_groups_joined(const adk_groups_t *groups, uint32_t ipv4[ADK_GROUPS])
{
    const uint32_t length = atomic_load_explicit(&groups->length, memory_order_acquire);
    int count = 0;

    for (uint32_t slot = 0; slot < length; slot++)
    {
        const adk_group_t *group = &groups->slots[slot];
        if (!is_in_use(group))
        {
            continue;
        }
        const uint64_t key = atomic_load_explicit(&group->key, memory_order_relaxed);
        if (0 == (key & ADK_GROUP_IPV6))
        {
            ipv4[count++] = rte_be_to_cpu_32((rte_be32_t)(key >> 16));
        }
    }
    return count;
}

int adk_groups6_joined(const adk_groups_t *groups, uint8_t *ipv6)
{
    const uint32_t length = atomic_load_explicit(&groups->length, memory_order_acquire);
    int count = 0;

    for (uint32_t slot = 0; slot < length; slot++)
    {
        const adk_group_t *group = &groups->slots[slot];
        if (is_in_use(group) && 0 != (atomic_load_explicit(&group->key, memory_order_relaxed) & ADK_GROUP_IPV6))
        {
            const adk_ipv6_t address = adk_group_ipv6(group);
            memcpy(ipv6 + ADK_IPV6_LENGTH * count++, &address, sizeof(address));
        }
    }
    return count;
}

void adk_groups_publish(adk_groups_t *groups, int slot, enum adk_role_en role)
{
    atomic_store_explicit(&groups->slots[slot].state, adk_endpoint_polled_by(role), memory_order_release);
}

void adk_groups_withdraw(adk_groups_t *groups, int slot)
{
    atomic_store_explicit(&groups->slots[slot].state, ADK_ENDPOINT_WITHDRAWN, memory_order_release);
}
