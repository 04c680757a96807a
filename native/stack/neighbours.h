/*
 * Next hop -> MAC, for one address family. The control thread writes, any thread reads without locks: rte_hash in its
 * lock-free mode finds the entry, and one 64-bit word holds MAC and generation together, so that a reader always sees a
 * matching pair. A key is the address: a uint32_t for IPv4, 16 bytes for IPv6.
 */
#ifndef ADK_STACK_NEIGHBOURS_H
#define ADK_STACK_NEIGHBOURS_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_rcu_qsbr.h>

/* Word of a neighbour without a MAC. */
#define ADK_NEIGHBOUR_UNRESOLVED UINT64_C(0)

#define ADK_NEIGHBOUR_KEY_MAX (16)

typedef struct adk_neighbour_stct
{
    _Atomic uint64_t word;            /* MAC in the low six bytes, in wire order; generation, never 0, above it */
    _Atomic uint32_t was_used;        /* set by the data path, cleared by the control plane */
    _Atomic uint32_t was_heard;       /* a frame came from this MAC; set and cleared likewise */
    _Atomic uint32_t disputes;        /* packets that named another MAC; likewise */
    uint8_t key[ADK_NEIGHBOUR_KEY_MAX];
    uint64_t lost_before;             /* control thread only: frames lost so far when disputes was last cleared */
} adk_neighbour_t;

typedef struct adk_neighbours_stct
{
    struct rte_hash *index;
    adk_neighbour_t *entries;         /* indexed by the position that rte_hash gives to a key */
    uint32_t key_length;
    uint16_t generation;
} adk_neighbours_t;

/* name: of the hash table, for rte_hash. */
int adk_neighbours_open(
    adk_neighbours_t *neighbours,
    const char *name,
    uint32_t key_length,
    struct rte_rcu_qsbr *quiescence,
    int socket_id);
void adk_neighbours_close(adk_neighbours_t *neighbours);

int adk_neighbours_set(adk_neighbours_t *neighbours, const void *key, const uint8_t *mac);
void adk_neighbours_forget(adk_neighbours_t *neighbours, const void *key);
int adk_neighbours_was_used(adk_neighbours_t *neighbours, const void *key);

/*
 * NULL when the control plane has not set it. The entry stays readable for good, but may be reused for another address.
 */
static inline adk_neighbour_t *adk_neighbours_find(const adk_neighbours_t *neighbours, const void *key)
{
    const int32_t position = rte_hash_lookup(neighbours->index, key);
    return position < 0 ? NULL : &neighbours->entries[position];
}

static inline uint64_t adk_neighbour_word(const adk_neighbour_t *neighbour)
{
    return atomic_load_explicit(&neighbour->word, memory_order_acquire);
}

static inline void adk_neighbour_word_to_mac(uint64_t word, uint8_t *mac)
{
    memcpy(mac, &word, 6);
}

#endif
