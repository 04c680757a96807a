/*
 * An interface: one port, or a share of one, and everything between it and Aeron: addresses, endpoints, neighbours,
 * lanes, rings. The interfaces of a driver form a chain (stack/interfaces.h). A lane belongs to a thread, so each
 * thread has one lane per interface.
 */
#ifndef ADK_STACK_STACK_H
#define ADK_STACK_STACK_H

#include "stack/capture.h"
#include "stack/groups.h"
#include "stack/lane.h"
#include "stack/neighbours.h"
#include "wire/datagram.h"

enum adk_route_en
{
    ADK_ROUTE_ON_LINK,
    ADK_ROUTE_GATEWAY,
    ADK_ROUTE_LOCAL,
    ADK_ROUTE_UNREACHABLE,
    ADK_ROUTE_GROUP                   /* multicast: its MAC follows from its address (RFC 1112 §6.4) */
};

struct adk_stack_stct
{
    adk_port_t port;
    adk_address_t local;
    adk_stack_t *first;               /* of the driver's interfaces; itself if it is the only one */
    adk_stack_t *next;                /* NULL: this is the last one */
    adk_stack_t *link;                /* first on the same port and VLAN; may be itself */
    uint8_t index;                    /* position in the settings; the first is 0 */
    char name[16];                    /* the name that interface= finds it by */
    uint32_t gateway_ipv4;
    uint8_t prefix_length;
    bool trusts_tsc;
    enum adk_kernel_sockets_en kernel_sockets;
    bool threads_shared;              /* sender and receiver are one thread: no hand-off between them */
    uint64_t ask_again_tsc;           /* ADK_ASK_AGAIN_NS in ticks */
    _Atomic(adk_capture_t *) capture; /* NULL: no capture is open */

    adk_endpoints_t endpoints;
    adk_groups_t *groups;             /* one table per link */
    adk_neighbours_t neighbours;
    struct rte_rcu_qsbr *quiescence;  /* thread ids are roles */
    adk_lane_t *lanes;                /* ADK_ROLE_COUNT of them */
    /*
     * From each lane to the control plane: what our own sends need. As a field of the lane it would make the
     * multiplication that finds a lane more expensive. The control plane's own ring is the name resolver's.
     */
    struct rte_ring *unresolved_out[ADK_ROLE_COUNT];
    struct adk_stack6_stct *ipv6; /* NULL: the port has no IPv6; see stack/ipv6/stack.h */
    struct adk_fragments_stct *fragments[ADK_ROLE_CONTROL]; /* NULL: fragments are off; see stack/fragments.h */
    uint8_t *linear[ADK_ROLE_COUNT]; /* where a frame in several mbufs is gathered */

    /* control thread only; those that concern waiting, of the first interface only */
    struct rte_mbuf *control_event; /* lent to Python until the next receive */
    uint8_t *control_linear;
    int control_turn; /* the ring that is read first next time */
    adk_capture_t *open_capture; /* also set after the capture's end while data threads may still write to it */
    uint64_t capture_token;
    uint64_t reset_token;
    int64_t publish_due_ns;
    bool is_link_told_up; /* what the control plane was last told of the link, and of the groups */
    uint32_t groups_told;
    bool is_resetting;
};

/* Another IPv4 address on the link of an earlier interface. */
static inline bool adk_stack_is_further_address(const adk_stack_t *stack)
{
    return stack->link != stack;
}

enum adk_route_en adk_stack_route(const adk_stack_t *stack, uint32_t destination_ipv4, uint32_t *next_hop);

/* Where this burst is copied to; NULL, the usual case, when no capture is open. */
static inline adk_capture_t *adk_stack_capture(const adk_stack_t *stack)
{
    return atomic_load_explicit(&stack->capture, memory_order_acquire);
}

/* The calling lane is between two bursts: the control plane may now free what was taken away before. */
static inline void adk_stack_quiescent(const adk_stack_t *stack, adk_lane_t *lane)
{
    if (__builtin_expect(!lane->is_online, 0))
    {
        (void)rte_rcu_qsbr_thread_register(stack->quiescence, lane->role);
        rte_rcu_qsbr_thread_online(stack->quiescence, lane->role);
        lane->is_online = true;
    }
    rte_rcu_qsbr_quiescent(stack->quiescence, lane->role);
}

/*
 * Something was taken from the data path. Once rte_rcu_qsbr_check() has passed the token, no lane still looks at it. A
 * thread that starts to poll meanwhile either finds it gone, or is seen and waited for: see
 * rte_rcu_qsbr_thread_online().
 */
static inline uint64_t adk_stack_take_away(const adk_stack_t *stack)
{
    const uint64_t token = rte_rcu_qsbr_start(stack->quiescence);
    atomic_thread_fence(memory_order_seq_cst);
    return token;
}

/* The lane's thread has ended, or will never poll again. */
void adk_stack_lane_offline(adk_stack_t *stack, enum adk_role_en role);

#endif
