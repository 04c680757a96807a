/*
 * A sender keeps a neighbour's MAC while the control plane changes it, forgets the neighbour, and gives its entry to
 * another one; native/stack/neighbours.c and destination.c themselves run.
 */
#include "model.h"

#include "port/error.c"
#include "stack/destination.c"
#include "stack/neighbours.c"

#define SENDS (3)

static const uint32_t peer = RTE_IPV4(10, 91, 0, 2);
static const uint32_t other = RTE_IPV4(10, 91, 0, 3);
static const uint8_t first_mac[] = { 2, 1, 1, 1, 1, 1 };
static const uint8_t second_mac[] = { 2, 2, 2, 2, 2, 2 };
static const uint8_t others_mac[] = { 2, 3, 3, 3, 3, 3 };

static adk_stack_t stack;
static adk_neighbour_t entry;
static adk_destination_t destination;
static uint32_t key; /* of the only entry; 0: the entry is free */
static bool is_sending;
static int sent;

/* DPDK's hash table, with one entry, which is reused once no thread reads it any more. */
int32_t rte_hash_lookup(const struct rte_hash *table, const void *wanted)
{
    (void)table;
    return 0 == memcmp(wanted, &key, sizeof(key)) ? 0 : -1;
}

int32_t rte_hash_add_key(const struct rte_hash *table, const void *added)
{
    (void)table;
    memcpy(&key, added, sizeof(key));
    return 0;
}

int32_t rte_hash_del_key(const struct rte_hash *table, const void *removed)
{
    (void)table;
    (void)removed;
    key = 0;
    return 0;
}

enum adk_route_en adk_stack_route(const adk_stack_t *from, uint32_t ipv4, uint32_t *next_hop)
{
    (void)from;
    *next_hop = ipv4;
    return ADK_ROUTE_ON_LINK;
}

static bool is_quiescent(void)
{
    return !is_sending;
}

static void begin(void)
{
    memset(&entry, 0, sizeof(entry));
    memset(&destination, 0, sizeof(destination));
    stack.neighbours = (adk_neighbours_t){ .entries = &entry, .key_length = sizeof(key), .generation = 1 };
    key = peer;
    memcpy(entry.key, &peer, sizeof(peer));
    uint64_t word = UINT64_C(1) << 48;
    memcpy(&word, first_mac, sizeof(first_mac));
    atomic_init(&entry.word, word);
    destination.next_hop = peer;
    is_sending = false;
}

static void control(void)
{
    (void)adk_neighbours_set(&stack.neighbours, &peer, second_mac);
    adk_neighbours_forget(&stack.neighbours, &peer);
    model_stop(is_quiescent);
    (void)adk_neighbours_set(&stack.neighbours, &other, others_mac);
}

static void sender(void)
{
    for (int i = 0; i < SENDS; i++)
    {
        is_sending = true;
        if (adk_destination_is_resolved(&destination) || adk_destination_resolve(&stack, &destination))
        {
            const uint8_t *mac = destination.header.ethernet.dst_addr.addr_bytes;
            model_require(
                0 == memcmp(mac, first_mac, sizeof(first_mac)) || 0 == memcmp(mac, second_mac, sizeof(second_mac)),
                "a frame for the peer goes elsewhere");
            sent++;
        }
        is_sending = false;
        model_stop(NULL);
    }
}

int main(void)
{
    void (*const both[])(void) = { sender, control };

    model_explore("no_frame_goes_to_a_mac_that_was_never_the_peer_s", 6, begin, NULL, 2, both);
    model_require(0 != sent, "nothing was sent");
    return NULL == model_fault ? EXIT_SUCCESS : EXIT_FAILURE;
}
