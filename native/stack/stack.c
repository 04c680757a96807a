#include "stack/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "port/error.h"
#include "port/share.h"
#include "port/vlan.h"
#include "stack/fragments.h"
#include "stack/ipv6/stack.h"

/* DPDK's names are global to all interfaces; the first interface has the same names as in a driver without others. */
static void name_of(char *name, size_t length, const adk_stack_t *stack, const char *what)
{
    if (0 == stack->index)
    {
        (void)snprintf(name, length, "adk_%s", what);
        return;
    }
    (void)snprintf(name, length, "adk_%u_%s", stack->index, what);
}

static void name_interface(adk_stack_t *stack, const adk_settings_t *settings)
{
    if (NULL == settings->name)
    {
        (void)snprintf(stack->name, sizeof(stack->name), "dpdk%u", settings->port_id);
        return;
    }
    (void)snprintf(stack->name, sizeof(stack->name), "%s", settings->name);
}

static struct rte_ring *ring_create(
    const adk_stack_t *stack, const char *from, const char *to, uint32_t length, int socket_id)
{
    char what[RTE_RING_NAMESIZE / 2];
    char name[RTE_RING_NAMESIZE];
    (void)snprintf(what, sizeof(what), "%s_%s", from, to);
    name_of(name, sizeof(name), stack, what);

    struct rte_ring *ring = rte_ring_create(name, length, socket_id, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (NULL == ring)
    {
        adk_set_error(rte_errno, "ring %s of %u frames: %s", name, length, rte_strerror(rte_errno));
    }
    return ring;
}

/* The lane whose thread transmits on role's behalf when the device has too few TX queues. */
static enum adk_role_en transmitting_role(const adk_stack_t *stack, enum adk_role_en role)
{
    const uint16_t queues = stack->port.tx_queues;
    if (stack->threads_shared)
    {
        /* Sender and receiver lanes share queue 0 without a ring, since they share the thread. */
        return ADK_ROLE_CONTROL == role && queues < 2 ? ADK_ROLE_RECEIVER : role;
    }
    if (ADK_ROLE_CONTROL == role && queues < 3)
    {
        return queues < 2 ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    }
    return ADK_ROLE_RECEIVER == role && queues < 2 ? ADK_ROLE_SENDER : role;
}

static uint16_t tx_queue_of(const adk_stack_t *stack, enum adk_role_en role)
{
    if (stack->threads_shared)
    {
        return ADK_ROLE_CONTROL == role ? 1 : 0;
    }
    return (uint16_t)role;
}

static int open_transmit(adk_stack_t *stack, enum adk_role_en role, int socket_id)
{
    static const char *const names[] = { "fwd_snd", "fwd_rcv", "fwd_ctl" };
    adk_lane_t *lane = &stack->lanes[role];
    const enum adk_role_en transmitter = transmitting_role(stack, role);

    lane->tx_mempool = stack->port.tx_mempools[role];
    lane->owns_tx_queue = transmitter == role;
    if (lane->owns_tx_queue)
    {
        lane->tx_queue = tx_queue_of(stack, role);
        return 0;
    }

    lane->forward_out = ring_create(stack, names[role], "tx", ADK_FORWARD_LENGTH, socket_id);
    if (NULL == lane->forward_out)
    {
        return -1;
    }
    struct rte_ring **in = stack->lanes[transmitter].forward_in;
    in[NULL == in[0] ? 0 : 1] = lane->forward_out;
    stack->lanes[transmitter].has_side_work = true;
    return 0;
}

static int open_lane(adk_stack_t *stack, enum adk_role_en role, int socket_id)
{
    static const char *const names[] = { "snd", "rcv", "ctl" };
    adk_lane_t *lane = &stack->lanes[role];
    struct sockaddr_in *source = (struct sockaddr_in *)&lane->source_address;

    lane->role = role;
    source->sin_family = AF_INET;
    if (open_transmit(stack, role, socket_id) < 0)
    {
        return -1;
    }
    const uint32_t part = adk_port_is_guest(&stack->port) ? ADK_GUEST_PART : 1;
    const uint32_t unresolved = (ADK_ROLE_CONTROL == role ? ADK_RESOLVER_LENGTH : ADK_CONTROL_LENGTH) / part;
    stack->unresolved_out[role] = ring_create(stack, names[role], "arp", unresolved, socket_id);
    if (ADK_ROLE_CONTROL == role || NULL == stack->unresolved_out[role])
    {
        return NULL == stack->unresolved_out[role] ? -1 : 0;
    }

    if (stack->port.settings.fragments)
    {
        stack->fragments[role] = adk_fragments_open(role, socket_id);
        if (NULL == stack->fragments[role])
        {
            return -1;
        }
    }
    stack->linear[role] = rte_malloc_socket("adk_linear", ADK_LINEAR_LENGTH, RTE_CACHE_LINE_SIZE, socket_id);
    lane->control_out = ring_create(stack, names[role], "ctl", ADK_CONTROL_LENGTH / part, socket_id);
    lane->inbox[ADK_ROLE_SENDER] = ring_create(stack, "snd", names[role], ADK_INBOX_LENGTH / part, socket_id);
    lane->inbox[ADK_ROLE_RECEIVER] = ring_create(stack, "rcv", names[role], ADK_INBOX_LENGTH / part, socket_id);
    if (NULL == stack->linear[role])
    {
        adk_set_error(ENOMEM, "no memory for a buffer of %d bytes", ADK_LINEAR_LENGTH);
        return -1;
    }
    const bool has_rings = NULL != lane->control_out && NULL != lane->inbox[0] && NULL != lane->inbox[1];
    return has_rings ? 0 : -1;
}

static int open_quiescence(adk_stack_t *stack, int socket_id)
{
    const size_t size = rte_rcu_qsbr_get_memsize(ADK_ROLE_COUNT);
    stack->quiescence = rte_zmalloc_socket("adk_quiescence", size, RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == stack->quiescence || 0 != rte_rcu_qsbr_init(stack->quiescence, ADK_ROLE_COUNT))
    {
        adk_set_error(ENOMEM, "no memory for the quiescent state variable (%zu bytes)", size);
        return -1;
    }
    return 0;
}

static int open_tables(adk_stack_t *stack, const adk_settings_t *settings)
{
    const int socket_id = rte_eth_dev_socket_id(stack->port.id);
    char neighbours[RTE_HASH_NAMESIZE];
    char neighbours6[RTE_HASH_NAMESIZE];

    name_of(neighbours, sizeof(neighbours), stack, "neighbours");
    name_of(neighbours6, sizeof(neighbours6), stack, "neighbours6");
    stack->lanes = rte_zmalloc_socket("adk_lanes", ADK_ROLE_COUNT * sizeof(adk_lane_t), RTE_CACHE_LINE_SIZE, socket_id);
    stack->control_linear = rte_malloc_socket("adk_control", ADK_LINEAR_LENGTH, RTE_CACHE_LINE_SIZE, socket_id);
    stack->groups = adk_stack_is_further_address(stack)
        ? stack->link->groups
        : rte_zmalloc_socket("adk_groups", sizeof(adk_groups_t), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == stack->lanes || NULL == stack->control_linear || NULL == stack->groups)
    {
        adk_set_error(ENOMEM, "no memory for %d lanes and %d multicast groups", ADK_ROLE_COUNT, ADK_GROUPS);
        return -1;
    }
    if (open_quiescence(stack, socket_id) < 0 ||
        adk_endpoints_open(&stack->endpoints, socket_id) < 0 ||
        adk_neighbours_open(&stack->neighbours, neighbours, sizeof(uint32_t), stack->quiescence, socket_id) < 0 ||
        (settings->ipv6 && adk_stack6_open(stack, neighbours6, socket_id) < 0))
    {
        return -1;
    }
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        if (open_lane(stack, (enum adk_role_en)role, socket_id) < 0)
        {
            return -1;
        }
    }
    return 0;
}

/* Appends to the chain, or starts a chain with this stack. -1 when the chain is full. */
static int join_chain(adk_stack_t *stack, adk_stack_t *first)
{
    stack->first = NULL == first ? stack : first;
    if (NULL == first)
    {
        return 0;
    }
    adk_stack_t *last = first;
    while (NULL != last->next)
    {
        last = last->next;
    }
    if (last->index + 1 >= ADK_INTERFACES_MAX)
    {
        adk_set_error(ENOBUFS, "no more than %d interfaces in one driver", ADK_INTERFACES_MAX);
        return -1;
    }
    stack->index = (uint8_t)(last->index + 1);
    last->next = stack;
    return 0;
}

static void leave_chain(const adk_stack_t *stack)
{
    for (adk_stack_t *each = stack->first; NULL != each; each = each->next)
    {
        if (stack == each->next)
        {
            each->next = stack->next;
        }
    }
}

/* The first interface before this one on the same port and, if is_of_vlan, the same VLAN; NULL: none. */
static adk_stack_t *before_on_port(const adk_stack_t *stack, const adk_settings_t *settings, bool is_of_vlan)
{
    for (adk_stack_t *each = stack->first; each != stack; each = each->next)
    {
        const bool is_same = 0 == ((each->port.vlan_tci ^ settings->vlan_tci) & ADK_VLAN_ID_MASK);
        if (each->port.id == settings->port_id && (is_same || !is_of_vlan))
        {
            return each;
        }
    }
    return NULL;
}

/* All interfaces have one control plane, which sleeps once and is woken once: they share a wakeup. */
static int open_port(adk_stack_t *stack, const adk_settings_t *settings)
{
    adk_wakeup_t *wakeup = stack->first == stack ? adk_wakeup_open() : stack->first->port.wakeup;
    adk_stack_t *host = before_on_port(stack, settings, false);
    adk_stack_t *link = before_on_port(stack, settings, true);

    stack->port.wakeup = wakeup;
    stack->link = NULL == link ? stack : link;
    if (NULL == wakeup)
    {
        return -1;
    }
    if (adk_stack_is_further_address(stack) && settings->ipv6)
    {
        adk_set_error(EINVAL, "IPv6 is for the first interface of a port and VLAN");
        return -1;
    }
    const uint32_t extra_mbufs = ADK_EXTRA_MBUFS + (uint32_t)settings->sharers * ADK_GUEST_MBUFS;
    return NULL == host ? adk_port_open(&stack->port, settings, extra_mbufs, wakeup)
                        : adk_port_share(&stack->port, &host->port, settings);
}

adk_stack_t *adk_stack_open(const adk_settings_t *settings, adk_stack_t *first)
{
    adk_stack_t *stack = calloc(1, sizeof(*stack));
    if (NULL == stack)
    {
        adk_set_error(ENOMEM, "no memory for the stack");
        return NULL;
    }
    if (join_chain(stack, first) < 0)
    {
        free(stack);
        return NULL;
    }

    adk_checksum_use_widest();
    stack->local.ipv4_be = rte_cpu_to_be_32(settings->local_ipv4);
    stack->gateway_ipv4 = settings->gateway_ipv4;
    stack->prefix_length = settings->prefix_length;
    stack->threads_shared = settings->threads_shared;
    stack->trusts_tsc = settings->trusts_tsc;
    stack->kernel_sockets = (enum adk_kernel_sockets_en)settings->kernel_sockets;
    name_interface(stack, settings);
    stack->ask_again_tsc = rte_get_tsc_hz() / (UINT64_C(1000000000) / ADK_ASK_AGAIN_NS);
    if (open_port(stack, settings) < 0)
    {
        adk_stack_close(stack);
        return NULL;
    }
    memcpy(stack->local.mac, stack->port.mac, sizeof(stack->local.mac));
    if (open_tables(stack, settings) < 0)
    {
        adk_stack_close(stack);
        return NULL;
    }
    return stack;
}

static void ring_close(struct rte_ring *ring)
{
    void *mbuf;
    while (NULL != ring && 0 == rte_ring_dequeue(ring, &mbuf))
    {
        rte_pktmbuf_free(mbuf);
    }
    rte_ring_free(ring);
}

static void close_lane(adk_lane_t *lane)
{
    rte_pktmbuf_free_bulk(lane->backlog, lane->backlog_length);
    ring_close(lane->forward_out);
    ring_close(lane->inbox[0]);
    ring_close(lane->inbox[1]);
    ring_close(lane->control_out);
}

void adk_stack_close(adk_stack_t *stack)
{
    if (NULL == stack)
    {
        return;
    }

    rte_pktmbuf_free(stack->control_event);
    adk_capture_free(stack->open_capture);
    for (int role = 0; NULL != stack->lanes && role < ADK_ROLE_COUNT; role++)
    {
        close_lane(&stack->lanes[role]);
        ring_close(stack->unresolved_out[role]);
        rte_free(stack->linear[role]);
    }
    adk_fragments_close(stack->fragments[ADK_ROLE_SENDER]);
    adk_fragments_close(stack->fragments[ADK_ROLE_RECEIVER]);
    adk_stack6_close(stack);
    adk_neighbours_close(&stack->neighbours);
    adk_endpoints_close(&stack->endpoints);
    rte_free(stack->quiescence);
    rte_free(stack->control_linear);
    rte_free(adk_stack_is_further_address(stack) ? NULL : stack->groups);
    rte_free(stack->lanes);
    adk_port_close(&stack->port);
    if (stack->first == stack)
    {
        adk_wakeup_close(stack->port.wakeup);
    }
    leave_chain(stack);
    free(stack);
}

void adk_stack_lane_offline(adk_stack_t *stack, enum adk_role_en role)
{
    adk_lane_t *lane = &stack->lanes[role];
    if (lane->is_online)
    {
        rte_rcu_qsbr_thread_offline(stack->quiescence, role);
        (void)rte_rcu_qsbr_thread_unregister(stack->quiescence, role);
        lane->is_online = false;
    }
}

enum adk_route_en adk_stack_route(const adk_stack_t *stack, uint32_t destination_ipv4, uint32_t *next_hop)
{
    *next_hop = destination_ipv4;
    const uint32_t local_ipv4 = rte_be_to_cpu_32(stack->local.ipv4_be);
    if (destination_ipv4 == local_ipv4)
    {
        return ADK_ROUTE_LOCAL;
    }

    const uint8_t length = stack->prefix_length;
    const uint32_t mask = 0 == length ? 0 : UINT32_MAX << (32 - length);
    const bool is_on_link = 0 == length ? 0 == stack->gateway_ipv4 : (destination_ipv4 & mask) == (local_ipv4 & mask);
    /* The subnet's network and broadcast addresses are not hosts (RFC 1122 §3.2.1.3); /31 and /32 have neither. */
    const bool is_broadcast = UINT32_MAX == destination_ipv4 ||
        (length > 0 &&
         length < 31 &&
         is_on_link &&
         (0 == (destination_ipv4 & ~mask) || (uint32_t)~mask == (destination_ipv4 & ~mask)));
    if (is_broadcast || adk_is_martian_source(destination_ipv4))
    {
        return ADK_ROUTE_UNREACHABLE;
    }
    if (is_on_link || destination_ipv4 == stack->gateway_ipv4)
    {
        return ADK_ROUTE_ON_LINK;
    }
    *next_hop = stack->gateway_ipv4;
    return 0 == stack->gateway_ipv4 ? ADK_ROUTE_UNREACHABLE : ADK_ROUTE_GATEWAY;
}
