#include "stack/groups.h"

#include <errno.h>

int adk_groups_reserve(adk_groups_t *groups, uint64_t key, void *owner)
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

void adk_groups_release(adk_groups_t *groups, int slot)
{
    groups->slots[slot].owner = NULL;
    atomic_store_explicit(&groups->slots[slot].state, ADK_ENDPOINT_FREE, memory_order_release);
    (void)atomic_fetch_add_explicit(&groups->changes, 1, memory_order_release);
}

int adk_groups_joined(const adk_groups_t *groups, uint32_t ipv4[ADK_GROUPS])
{
    const uint32_t length = atomic_load_explicit(&groups->length, memory_order_acquire);
    int count = 0;

    for (uint32_t slot = 0; slot < length; slot++)
    {
        const adk_group_t *group = &groups->slots[slot];
        if (ADK_ENDPOINT_FREE != atomic_load_explicit(&group->state, memory_order_acquire))
        {
            const uint64_t key = atomic_load_explicit(&group->key, memory_order_relaxed);
            ipv4[count++] = rte_be_to_cpu_32((rte_be32_t)(key >> 16));
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
