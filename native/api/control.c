/* The control plane's side of the stack. */
#include <errno.h>

#include "api/internal.h"
#include "port/error.h"
#include "port/share.h"
#include "stack/fragments.h"
#include "stack/tx.h"
#include "stack/witness.h"

int adk_stack_port_info(adk_stack_t *stack, adk_port_info_t *info)
{
    const int result = adk_port_info(&stack->port, info);
    info->datagram_max = (uint16_t)adk_fragments_longest(stack);
    return result;
}

int adk_stack_link(adk_stack_t *stack, adk_link_t *link)
{
    const int result = adk_port_link(&stack->port, link);
    if (0 == result)
    {
        stack->is_link_told_up = link->is_up;
    }
    return result;
}

/* The rings take turns: neither frames for dead peers nor a flood on one ring may delay what waits in another. */
static struct rte_mbuf *next_mbuf(adk_stack_t *stack)
{
    static_assert(2 == ADK_ROLE_CONTROL, "the roles in front of the control plane have two rings each");
    enum
    {
        RINGS = 5
    };
    const adk_lane_t *lanes = stack->lanes;
    struct rte_ring *const rings[] = {
        lanes[0].control_out,
        stack->unresolved_out[0],
        lanes[1].control_out,
        stack->unresolved_out[1],
        stack->unresolved_out[ADK_ROLE_CONTROL],
    };
    void *mbuf = NULL;

    for (int i = 0; i < RINGS && NULL == mbuf; i++)
    {
        (void)rte_ring_sc_dequeue(rings[stack->control_turn], &mbuf);
        stack->control_turn = (stack->control_turn + 1) % RINGS;
    }
    return mbuf;
}

int adk_control_receive(adk_stack_t *stack, adk_control_event_t *event)
{
    rte_pktmbuf_free(stack->control_event);
    stack->control_event = next_mbuf(stack);
    struct rte_mbuf *mbuf = stack->control_event;
    if (NULL == mbuf)
    {
        return 0;
    }

    const adk_note_t *note = adk_mbuf_note(mbuf);
    const uint32_t length = mbuf->pkt_len < UINT16_MAX ? mbuf->pkt_len : UINT16_MAX;
    event->kind = note->kind;
    event->next_hop = note->next_hop;
    memcpy(event->next_hop6, note->next_hop6, sizeof(event->next_hop6));
    memcpy(event->hint_mac, note->hint_mac, sizeof(event->hint_mac));
    event->length = (uint16_t)length;
    event->data = rte_pktmbuf_read(mbuf, 0, length, stack->control_linear);
    return 1;
}

int adk_control_transmit(adk_stack_t *stack, const uint8_t *frame, uint16_t length)
{
    adk_lane_t *lane = &stack->lanes[ADK_ROLE_CONTROL];
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lane->tx_mempool);
    char *data = NULL == mbuf ? NULL : rte_pktmbuf_append(mbuf, length);

    adk_tx_progress(stack, lane);
    if (NULL == data)
    {
        goto error;
    }
    memcpy(data, frame, length);
    if (!adk_tx_frame(stack, lane, mbuf))
    {
        goto error;
    }
    lane->counts[ADK_COUNT_TX_PACKETS]++;
    lane->counts[ADK_COUNT_TX_BYTES] += length;
    return 1;

error:
    rte_pktmbuf_free(mbuf);
    lane->counts[ADK_COUNT_CONTROL_TX_FULL]++;
    return 0;
}

int adk_neighbour_set(adk_stack_t *stack, uint32_t ipv4, const uint8_t *mac)
{
    return adk_neighbours_set(&stack->neighbours, &ipv4, mac);
}

void adk_neighbour_forget(adk_stack_t *stack, uint32_t ipv4)
{
    adk_neighbours_forget(&stack->neighbours, &ipv4);
}

int adk_neighbour_was_used(adk_stack_t *stack, uint32_t ipv4)
{
    return adk_neighbours_was_used(&stack->neighbours, &ipv4);
}

void adk_neighbour_watch(adk_stack_t *stack, uint32_t ipv4)
{
    adk_witness_watch(stack, ipv4);
}

int adk_neighbour_was_heard(adk_stack_t *stack, uint32_t ipv4)
{
    return adk_witness_was_heard(stack, ipv4);
}

int adk_neighbour_is_disputed(adk_stack_t *stack, uint32_t ipv4)
{
    return adk_witness_is_disputed(stack, ipv4);
}

/* The interface that polls the port. */
static const adk_stack_t *polled_for(const adk_stack_t *stack)
{
    const adk_stack_t *each = stack->first;
    while (&each->port != stack->port.device)
    {
        each = each->next;
    }
    return each;
}

uint64_t adk_stack_looks(const adk_stack_t *stack)
{
    return __atomic_load_n(&polled_for(stack)->lanes[ADK_ROLE_RECEIVER].looks, __ATOMIC_RELAXED);
}

uint32_t adk_groups_moved(adk_stack_t *stack)
{
    stack->groups_told = adk_groups_changes(stack->groups);
    return stack->groups_told;
}

int adk_groups_heard(adk_stack_t *stack, uint32_t *ipv4, int size)
{
    static_assert(256 == ADK_GROUPS, "as api/aeron_dpdk.h says");
    return size < ADK_GROUPS || adk_stack_is_further_address(stack) ? 0 : adk_groups_joined(stack->groups, ipv4);
}

uint64_t adk_count_value(const adk_stack_t *stack, int count)
{
    uint64_t sum = 0;
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        /* Written by another thread; an aligned 64-bit load sees one of its values, and that is enough. */
        sum += __atomic_load_n(&stack->lanes[role].counts[count], __ATOMIC_RELAXED);
    }
    return sum;
}

uint64_t *adk_control_counts(adk_stack_t *stack)
{
    return stack->lanes[ADK_ROLE_CONTROL].counts;
}

void adk_stack_watch_device(adk_stack_t *stack)
{
    adk_port_watch(&stack->port);
}

int adk_stack_reset_requested(adk_stack_t *stack)
{
    return !adk_port_is_guest(&stack->port) &&
        atomic_load_explicit(&stack->port.is_reset_requested, memory_order_acquire);
}

int adk_stack_removal_requested(adk_stack_t *stack)
{
    return atomic_load_explicit(&stack->port.device->is_removal_requested, memory_order_acquire);
}

void adk_stack_request_reset(adk_stack_t *stack)
{
    atomic_store_explicit(&stack->port.device->is_reset_requested, true, memory_order_release);
}

/* The next stack, from each on, that shares the port; NULL: none. */
static adk_stack_t *next_on_port(const adk_port_t *port, adk_stack_t *each)
{
    while (NULL != each && each->port.device != port)
    {
        each = each->next;
    }
    return each;
}

/* Keeps every interface of the port from touching it, or lets them again. */
static void hold(adk_stack_t *stack, bool is_held)
{
    const adk_port_t *port = &stack->port;

    for (adk_stack_t *each = next_on_port(port, stack); NULL != each; each = next_on_port(port, each->next))
    {
        atomic_store_explicit(&each->port.is_held, is_held, memory_order_release);
        if (is_held)
        {
            each->reset_token = adk_stack_take_away(each);
        }
    }
}

static bool have_all_let_go(adk_stack_t *stack)
{
    const adk_port_t *port = &stack->port;
    adk_stack_t *each = next_on_port(port, stack);

    while (NULL != each && 0 != rte_rcu_qsbr_check(each->quiescence, each->reset_token, false))
    {
        each = next_on_port(port, each->next);
    }
    return NULL == each;
}

static void drop_backlogs(adk_stack_t *stack)
{
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        adk_lane_t *lane = &stack->lanes[role];
        stack->lanes[ADK_ROLE_CONTROL].counts[ADK_COUNT_TX_RESET] += lane->backlog_length;
        rte_pktmbuf_free_bulk(lane->backlog, lane->backlog_length);
        lane->backlog_length = 0;
    }
}

int adk_stack_reset_step(adk_stack_t *stack)
{
    adk_port_t *port = &stack->port;

    if (!stack->is_resetting)
    {
        hold(stack, true);
        stack->is_resetting = true;
    }
    if (!have_all_let_go(stack))
    {
        return 1;
    }

    for (adk_stack_t *each = next_on_port(port, stack); NULL != each; each = next_on_port(port, each->next))
    {
        drop_backlogs(each);
    }
    atomic_store_explicit(&port->is_reset_requested, false, memory_order_release);
    stack->is_resetting = false;
    const int result = adk_port_restart(port);
    if (0 == result)
    {
        /* On failure the port stays held: nothing may touch a device that failed to restart. */
        hold(stack, false);
    }
    return result;
}
