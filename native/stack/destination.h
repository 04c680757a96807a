/*
 * One peer of one transport: where its frames go, and a header prefilled with everything that does not change per
 * frame.
 */
#ifndef ADK_STACK_DESTINATION_H
#define ADK_STACK_DESTINATION_H

#include "stack/stack.h"

typedef struct adk_destination_stct
{
    uint64_t key;                     /* see adk_destination_key(); 0: unused */
    uint64_t word;                    /* the neighbour's word that the header's MAC was taken from */
    adk_neighbour_t *neighbour;       /* NULL until the control plane has resolved the next hop once */
    uint32_t ipv4;
    rte_be16_t port_be;
    uint8_t route;                    /* enum adk_route_en */
    uint32_t next_hop;
    uint32_t ipv4_sum;                /* partial checksums over the constant part */
    uint32_t pseudo_sum;
    adk_header_t header;
    uint64_t ask_again_tsc;
    const adk_stack_t *stack;         /* of the interface that its frames leave by */
    adk_lane_t *lane;                 /* the sending thread's lane there; set by the user of this struct */
} adk_destination_t;

static_assert(
    2 == offsetof(struct sockaddr_in, sin_port) && 4 == offsetof(struct sockaddr_in, sin_addr),
    "family, port and address are eight bytes");

/* Family, port and address of a struct sockaddr_in: together they identify a peer. */
static inline uint64_t adk_destination_key(const struct sockaddr_storage *address)
{
    return adk_word_64(address);
}

/* Builds the header for a new peer; the neighbour is looked up at the first send. */
void adk_destination_prepare(
    const adk_stack_t *stack, adk_destination_t *destination, uint16_t source_port, uint32_t ipv4, rte_be16_t port_be);

/* The same for a multicast group: nothing to look up, and ttl limits how many hops a datagram travels. */
void adk_destination_prepare_group(
    const adk_stack_t *stack,
    adk_destination_t *destination,
    uint16_t source_port,
    uint32_t group,
    rte_be16_t port_be,
    uint8_t ttl);

/* Sets a source address other than the interface's, for datagrams that stay within the driver. */
void adk_destination_send_from(adk_destination_t *destination, uint32_t ipv4);

/* Looks the next hop up again. False while it has no MAC. */
bool adk_destination_resolve(const adk_stack_t *stack, adk_destination_t *destination);

/* One load and one compare as long as nothing has changed. */
static inline bool adk_destination_is_resolved(const adk_destination_t *destination)
{
    adk_neighbour_t *neighbour = destination->neighbour;
    if (NULL == neighbour || adk_neighbour_word(neighbour) != destination->word)
    {
        return false;
    }
    if (0 == atomic_load_explicit(&neighbour->was_used, memory_order_relaxed))
    {
        atomic_store_explicit(&neighbour->was_used, 1, memory_order_relaxed);
    }
    return true;
}

#endif
