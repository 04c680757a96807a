#include "stack/outlet.h"

#include <rte_cycles.h>

#include "stack/frame.h"

bool adk_outlet_fill_long(
    adk_lane_t *lane, const void *headers, uint16_t headers_length, struct rte_mbuf *frame, const struct iovec *payload)
{
    const uint8_t *next = payload->iov_base;
    size_t left = payload->iov_len;

    rte_pktmbuf_reset(frame);
    memcpy(rte_pktmbuf_append(frame, headers_length), headers, headers_length);
    while (left > 0)
    {
        struct rte_mbuf *last = rte_pktmbuf_lastseg(frame);
        const uint16_t room = rte_pktmbuf_tailroom(last);
        const uint16_t taken = (uint16_t)(left < room ? left : room);
        memcpy(rte_pktmbuf_append(frame, taken), next, taken);
        next += taken;
        left -= taken;
        struct rte_mbuf *more = 0 == left ? NULL : rte_pktmbuf_alloc(lane->tx_mempool);
        if (NULL != more)
        {
            (void)rte_pktmbuf_chain(frame, more);
        }
        else if (left > 0)
        {
            return false;
        }
    }
    return true;
}

static bool fill(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination_t *destination,
    struct rte_mbuf *frame,
    const struct iovec *payload)
{
    adk_note_t *note = adk_mbuf_note(frame);

    note->payload_offset = sizeof(adk_header_t);
    note->payload_length = (uint16_t)payload->iov_len;
    if (payload->iov_len <= (size_t)(stack->port.mtu - ADK_IPV4_UDP_HEADER_LENGTH))
    {
        adk_frame_fill(destination, frame, payload);
        return true;
    }
    return adk_outlet_fill_long(lane, &destination->header, sizeof(destination->header), frame, payload);
}

int adk_outlet_put(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    enum adk_role_en consumer,
    struct rte_mbuf **frames,
    uint16_t count,
    bool is_filled)
{
    struct rte_ring *inbox = stack->lanes[consumer].inbox[lane->role];
    const bool is_full = !is_filled || rte_ring_free_count(inbox) < count;
    adk_capture_t *capture = adk_stack_capture(stack);
    if (__builtin_expect(NULL != capture, 0))
    {
        const uint16_t reason = is_full ? ADK_COUNT_LOOPBACK_FULL : ADK_COUNT_SIZE;
        adk_capture_out(capture, lane, ADK_DIRECTION_LOOPBACK, frames, count, reason);
    }
    if (is_full)
    {
        adk_count(lane, ADK_COUNT_LOOPBACK_FULL, count);
        rte_pktmbuf_free_bulk(frames, count);
        return 0;
    }
    /* Room cannot shrink meanwhile: only this thread enqueues. */
    (void)rte_ring_sp_enqueue_bulk(inbox, (void *const *)frames, count, NULL);
    adk_count(lane, ADK_COUNT_LOOPBACK_PACKETS, count);
    return count;
}

/* Datagrams for another thread of this driver. They need no checksum: they never leave the driver. */
static int put_into_inbox(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    enum adk_role_en consumer,
    const adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    bool is_filled = true;
    for (uint16_t i = 0; i < count; i++)
    {
        is_filled = fill(stack, lane, destination, frames[i], &payloads[i]) && is_filled;
    }
    return adk_outlet_put(stack, lane, consumer, frames, count, is_filled);
}

static int send_to_own_address(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    const adk_endpoint_t *endpoint = &stack->endpoints.slots[destination->port_be];
    const uint32_t state = adk_endpoint_state(endpoint);
    if (ADK_ENDPOINT_POLLED_BY_SENDER != state && ADK_ENDPOINT_POLLED_BY_RECEIVER != state)
    {
        adk_count(lane, ADK_COUNT_RX_NO_ENDPOINT, count);
        rte_pktmbuf_free_bulk(frames, count);
        return count;
    }

    const enum adk_role_en consumer = ADK_ENDPOINT_POLLED_BY_SENDER == state ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    return put_into_inbox(stack, lane, consumer, destination, frames, payloads, count);
}

void adk_outlet_loop_back(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count)
{
    const uint64_t key = adk_group_key(rte_cpu_to_be_32(destination->ipv4), destination->port_be);

    for (int role = ADK_ROLE_SENDER; role <= ADK_ROLE_RECEIVER; role++)
    {
        struct rte_mbuf *frames[ADK_SEND_BURST_MAX];
        if (adk_groups_next(stack->groups, key, (enum adk_role_en)role, 0) < 0)
        {
            continue;
        }
        if (0 != rte_mempool_get_bulk(lane->tx_mempool, (void **)frames, count))
        {
            adk_count(lane, ADK_COUNT_LOOPBACK_FULL, count);
            continue;
        }
        (void)put_into_inbox(stack, lane, (enum adk_role_en)role, destination, frames, payloads, count);
    }
}

__rte_noinline void adk_outlet_complete(
    const adk_stack_t *stack, const adk_destination_t *destination, struct rte_mbuf *frame, const struct iovec *payload)
{
    adk_frame_build(&stack->port, destination, frame, payload, false);
    *adk_mbuf_note(frame) = (adk_note_t){ .kind = ADK_CONTROL_UNRESOLVED, .next_hop = destination->next_hop };
}

int adk_outlet_ask(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count)
{
    if (0 == rte_ring_sp_enqueue_bulk(stack->unresolved_out[lane->role], (void *const *)frames, count, NULL))
    {
        adk_count(lane, ADK_COUNT_CONTROL_FULL, count);
        rte_pktmbuf_free_bulk(frames, count);
        return 0;
    }
    adk_wakeup_give(stack->port.wakeup);
    return count;
}

/* Hands complete frames to the control plane, which keeps a few of them until the next hop answers. */
static int park(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
    {
        adk_outlet_complete(stack, destination, frames[i], &payloads[i]);
    }
    return adk_outlet_ask(stack, lane, frames, count);
}

void adk_outlet_tell(const adk_stack_t *stack, adk_lane_t *lane, const adk_note_t *note)
{
    struct rte_mbuf *message = rte_pktmbuf_alloc(lane->tx_mempool);
    if (NULL != message)
    {
        *adk_mbuf_note(message) = *note;
        (void)adk_outlet_ask(stack, lane, &message, 1);
    }
}

/* Tells the control plane which MAC was taken on trust, so that it can confirm it. Losing the message does no harm. */
static void tell_learnt(const adk_stack_t *stack, adk_lane_t *lane, const adk_destination_t *destination)
{
    adk_note_t note = { .kind = ADK_CONTROL_LEARN, .next_hop = destination->next_hop };
    memcpy(note.hint_mac, destination->header.ethernet.dst_addr.addr_bytes, sizeof(note.hint_mac));
    adk_outlet_tell(stack, lane, &note);
}

/*
 * An on-link peer's own last frame gives its MAC, so a receiver's first status message need not wait for ARP. Behind a
 * gateway it would give the gateway's MAC for the wrong address.
 */
static bool learn_from_last_frame(adk_lane_t *lane, adk_destination_t *destination)
{
    const rte_be32_t ipv4_be = rte_cpu_to_be_32(destination->ipv4);
    const adk_source_t *source = adk_lane_source(lane, ipv4_be);
    if (ADK_ROUTE_ON_LINK != destination->route || source->ipv4_be != ipv4_be || 0 != (source->mac[0] & 1))
    {
        return false;
    }
    memcpy(destination->header.ethernet.dst_addr.addr_bytes, source->mac, RTE_ETHER_ADDR_LEN);
    return true;
}

__rte_noinline enum adk_outlet_en adk_outlet_find(
    const adk_stack_t *stack, adk_lane_t *lane, adk_destination_t *destination)
{
    if (ADK_ROUTE_LOCAL == destination->route)
    {
        return ADK_OUTLET_OWN_ADDRESS;
    }
    if (ADK_ROUTE_GROUP == destination->route)
    {
        return ADK_OUTLET_GROUP;
    }
    if (adk_destination_resolve(stack, destination))
    {
        return ADK_OUTLET_PORT;
    }

    const uint64_t now_tsc = rte_rdtsc();
    const bool may_ask = now_tsc >= destination->ask_again_tsc;
    if (may_ask)
    {
        destination->ask_again_tsc = now_tsc + stack->ask_again_tsc;
    }
    if (!learn_from_last_frame(lane, destination))
    {
        return may_ask ? ADK_OUTLET_CONTROL : ADK_OUTLET_NONE;
    }
    if (may_ask)
    {
        tell_learnt(stack, lane, destination);
    }
    return ADK_OUTLET_PORT;
}

int adk_outlet_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count,
    enum adk_outlet_en outlet)
{
    if (ADK_OUTLET_OWN_ADDRESS == outlet)
    {
        return send_to_own_address(stack, lane, destination, frames, payloads, count);
    }
    adk_count(lane, ADK_COUNT_TX_UNRESOLVED, count);
    if (ADK_OUTLET_CONTROL == outlet)
    {
        return park(stack, lane, destination, frames, payloads, count);
    }
    rte_pktmbuf_free_bulk(frames, count);
    return 0;
}
