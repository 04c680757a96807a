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
        return slot;
    }
    return -ENOBUFS;
}

void adk_groups_release(adk_groups_t *groups, int slot)
{
    groups->slots[slot].owner = NULL;
    atomic_store_explicit(&groups->slots[slot].state, ADK_ENDPOINT_FREE, memory_order_release);
}

void adk_groups_publish(adk_groups_t *groups, int slot, enum adk_role_en role)
{
    atomic_store_explicit(&groups->slots[slot].state, adk_endpoint_polled_by(role), memory_order_release);
}

void adk_groups_withdraw(adk_groups_t *groups, int slot)
{
    atomic_store_explicit(&groups->slots[slot].state, ADK_ENDPOINT_WITHDRAWN, memory_order_release);
}
