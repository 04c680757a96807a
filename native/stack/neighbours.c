#include "stack/neighbours.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

#include <rte_errno.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "port/error.h"
#include "stack/limits.h"

static_assert(__ORDER_LITTLE_ENDIAN__ == __BYTE_ORDER__, "the MAC is the low six bytes of the word");

/* A removed key takes room until every reader has noticed the removal (rte_hash guide, "RCU in the library"). */
#define NEIGHBOUR_KEYS (2 * ADK_NEIGHBOURS)

int adk_neighbours_open(
    adk_neighbours_t *neighbours, const char *name, uint32_t key_length, struct rte_rcu_qsbr *quiescence, int socket_id)
{
    const struct rte_hash_parameters parameters = {
        .name = name,
        .entries = NEIGHBOUR_KEYS,
        .key_len = key_length,
        .hash_func = rte_hash_crc,
        .socket_id = socket_id < 0 ? 0 : socket_id,
        .extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF,
    };
    struct rte_hash_rcu_config reclamation = { .v = quiescence, .mode = RTE_HASH_QSBR_MODE_DQ };

    neighbours->generation = 0;
    neighbours->key_length = key_length;
    neighbours->index = rte_hash_create(&parameters);
    if (NULL == neighbours->index)
    {
        adk_set_error(rte_errno, "neighbour table: rte_hash_create: %s", rte_strerror(rte_errno));
        return -1;
    }
    if (0 != rte_hash_rcu_qsbr_add(neighbours->index, &reclamation))
    {
        adk_set_error(rte_errno, "neighbour table: rte_hash_rcu_qsbr_add: %s", rte_strerror(rte_errno));
        goto error;
    }

    const size_t positions = (size_t)rte_hash_max_key_id(neighbours->index) + 1;
    neighbours->entries = rte_zmalloc_socket(
        "adk_neighbours", positions * sizeof(adk_neighbour_t), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == neighbours->entries)
    {
        adk_set_error(ENOMEM, "neighbour table: no memory for %zu entries", positions);
        goto error;
    }
    return 0;

error:
    adk_neighbours_close(neighbours);
    return -1;
}

void adk_neighbours_close(adk_neighbours_t *neighbours)
{
    rte_hash_free(neighbours->index);
    rte_free(neighbours->entries);
    neighbours->index = NULL;
    neighbours->entries = NULL;
}

int adk_neighbours_set(adk_neighbours_t *neighbours, const void *key, const uint8_t *mac)
{
    const int32_t position = rte_hash_add_key(neighbours->index, key);
    if (position < 0)
    {
        adk_set_error(-position, "neighbour table: rte_hash_add_key: %s", rte_strerror(-position));
        return -1;
    }

    adk_neighbour_t *entry = &neighbours->entries[position];
    const uint64_t old = atomic_load_explicit(&entry->word, memory_order_relaxed);
    const bool is_same_key = 0 == memcmp(entry->key, key, neighbours->key_length);
    if (is_same_key && ADK_NEIGHBOUR_UNRESOLVED != old && 0 == memcmp(&old, mac, 6))
    {
        return 0;
    }

    neighbours->generation = UINT16_MAX == neighbours->generation ? 1 : (uint16_t)(neighbours->generation + 1);
    uint64_t word = (uint64_t)neighbours->generation << 48;
    memcpy(&word, mac, 6);
    memcpy(entry->key, key, neighbours->key_length);
    atomic_store_explicit(&entry->was_heard, 0, memory_order_relaxed);
    atomic_store_explicit(&entry->disputes, 0, memory_order_relaxed);
    atomic_store_explicit(&entry->word, word, memory_order_release);
    return 0;
}

void adk_neighbours_forget(adk_neighbours_t *neighbours, const void *key)
{
    adk_neighbour_t *entry = adk_neighbours_find(neighbours, key);
    if (NULL != entry)
    {
        atomic_store_explicit(&entry->word, ADK_NEIGHBOUR_UNRESOLVED, memory_order_release);
        (void)rte_hash_del_key(neighbours->index, key);
    }
}

int adk_neighbours_was_used(adk_neighbours_t *neighbours, const void *key)
{
    adk_neighbour_t *entry = adk_neighbours_find(neighbours, key);
    return NULL != entry && 0 != atomic_exchange_explicit(&entry->was_used, 0, memory_order_relaxed);
}
