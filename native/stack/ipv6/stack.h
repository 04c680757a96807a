/*
 * What a stack has more where its port has IPv6: addresses of ours, the gateway, UDP ports, neighbours, and the sources
 * that each lane remembers. All of it hangs behind one pointer, so that IPv4 frames do not know of it.
 */
#ifndef ADK_STACK_IPV6_STACK_H
#define ADK_STACK_IPV6_STACK_H

#include "stack/stack.h"
#include "wire/ipv6/locals.h"

/* What sin6_scope_id says of a link-local peer on the port: no index of a kernel's interface, which count up from 1. */
#define ADK_SCOPE_ID (65536)

/* As adk_source_t, for an IPv6 source. */
typedef struct adk_source6_stct
{
    adk_ipv6_t ipv6;
    uint64_t mac_and_type;            /* the eight bytes of a frame from its source MAC on; see adk_source_t */
    _Atomic bool is_doubted;          /* set by the control plane (stack/ipv6/witness.c): no source is this one */
} adk_source6_t;

typedef struct adk_lane6_stct
{
    struct sockaddr_storage source_address; /* filled anew for each delivery */
    adk_source6_t sources[ADK_SOURCES];
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_lane6_t;

typedef struct adk_stack6_stct
{
    adk_locals6_t locals;
    _Atomic uint64_t gateway[2];      /* the address; zero: none */
    _Atomic uint32_t moved;           /* counts changes of addresses and gateway: destinations look again */
    adk_endpoints_t endpoints;
    _Atomic bool has_own_endpoints;   /* some address has; see stack/ipv6/endpoints.h */
    _Atomic(adk_endpoints_t *) own_endpoints[ADK_LOCALS6]; /* by the address's place among ours */
    adk_neighbours_t neighbours;
    adk_lane6_t *lanes;               /* of sender and receiver */
} adk_stack6_t;

/* name: of the neighbours' hash table, for rte_hash. */
int adk_stack6_open(adk_stack_t *stack, const char *name, int socket_id);
void adk_stack6_close(adk_stack_t *stack);

/* Control thread; see api/aeron_dpdk.h. */
int adk_stack6_set_local(adk_stack_t *stack, adk_ipv6_t address, uint8_t prefix_length, enum adk_local6_state_en state);
void adk_stack6_remove_local(adk_stack_t *stack, adk_ipv6_t address);
void adk_stack6_set_gateway(adk_stack_t *stack, adk_ipv6_t address);

/* How many bits of a destination on the link say so; 0 where only its scope does. The gateway is an address alone. */
uint32_t adk_stack6_prefix_of(const adk_stack6_t *stack6, adk_ipv6_t destination);

/* The rule is that of IPv4: ours, on the link, behind the gateway, or nowhere. Any thread. */
enum adk_route_en adk_stack6_route(const adk_stack6_t *stack6, adk_ipv6_t destination, adk_ipv6_t *next_hop);

/*
 * The address that a socket bound to none would send from (RFC 6724 §5, rules 1, 2 and 8): the destination's own where
 * it is ours, one of its scope, and of several the one with the longest common prefix. Unspecified where there is none.
 */
adk_ipv6_t adk_stack6_source_for(const adk_stack6_t *stack6, adk_ipv6_t destination);

static inline uint32_t adk_stack6_moved(const adk_stack6_t *stack6)
{
    return atomic_load_explicit(&stack6->moved, memory_order_acquire);
}

#endif
