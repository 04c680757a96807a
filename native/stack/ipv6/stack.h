/*
 * What a stack has in addition if its port has IPv6: our addresses, the gateway, UDP ports, neighbours, and the sources
 * that each lane remembers. All of it is behind one pointer, so that IPv4 frames never touch it.
 */
#ifndef ADK_STACK_IPV6_STACK_H
#define ADK_STACK_IPV6_STACK_H

#include "stack/stack.h"
#include "wire/ipv6/locals.h"

/*
 * The sin6_scope_id of a link-local peer on the port: never the index of a kernel interface, since those count up from
 * 1.
 */
#define ADK_SCOPE_ID (65536)

/* As adk_source_t, for an IPv6 source. */
typedef struct adk_source6_stct
{
    adk_ipv6_t ipv6;
    uint64_t mac_and_type;            /* the eight bytes of a frame from its source MAC on; see adk_source_t */
    _Atomic bool is_doubted;          /* set by the control plane (stack/ipv6/witness.c): matches no source */
} adk_source6_t;

typedef struct adk_lane6_stct
{
    struct sockaddr_storage source_address; /* filled in for each delivery */
    adk_source6_t sources[ADK_SOURCES];
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_lane6_t;

typedef struct adk_stack6_stct
{
    adk_locals6_t locals;
    _Atomic uint64_t gateway[2];      /* the address; zero: none */
    _Atomic uint32_t moved;           /* counts changes of addresses and gateway: destinations look again */
    adk_endpoints_t endpoints;
    _Atomic bool has_own_endpoints;   /* whether any address has an array; see stack/ipv6/endpoints.h */
    _Atomic(adk_endpoints_t *) own_endpoints[ADK_LOCALS6]; /* by index of the address */
    adk_neighbours_t neighbours;
    adk_lane6_t *lanes;               /* sender's and receiver's */
} adk_stack6_t;

/* name: of the neighbours' hash table, for rte_hash. */
int adk_stack6_open(adk_stack_t *stack, const char *name, int socket_id);
void adk_stack6_close(adk_stack_t *stack);

/* Control thread; see api/aeron_dpdk.h. */
int adk_stack6_set_local(adk_stack_t *stack, adk_ipv6_t address, uint8_t prefix_length, enum adk_local6_state_en state);
void adk_stack6_remove_local(adk_stack_t *stack, adk_ipv6_t address);
void adk_stack6_set_gateway(adk_stack_t *stack, adk_ipv6_t address);

/* Length of the prefix that puts a destination on the link; 0 if only its scope does. The gateway has no prefix. */
uint32_t adk_stack6_prefix_of(const adk_stack6_t *stack6, adk_ipv6_t destination);

/* The same rule as for IPv4: ours, on the link, behind the gateway, or unreachable. Any thread. */
enum adk_route_en adk_stack6_route(const adk_stack6_t *stack6, adk_ipv6_t destination, adk_ipv6_t *next_hop);

/*
 * The source address for a socket that is not bound to one (RFC 6724 §5, rules 1, 2 and 8): the destination itself if
 * it is ours, else an address of its scope, and among several the one with the longest common prefix. Unspecified if
 * there is none.
 */
adk_ipv6_t adk_stack6_source_for(const adk_stack6_t *stack6, adk_ipv6_t destination);

static inline uint32_t adk_stack6_moved(const adk_stack6_t *stack6)
{
    return atomic_load_explicit(&stack6->moved, memory_order_acquire);
}

#endif
