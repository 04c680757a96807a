#include "stack/tx.h"

#include <errno.h>

#include "port/vlan.h"
#include "stack/fragments.h"
#include "stack/frame.h"
#include "stack/outlet.h"

static bool flush_backlog(const adk_stack_t *stack, adk_lane_t *lane)
{
    const uint16_t length = lane->backlog_length;
    const uint16_t sent = rte_eth_tx_burst(stack->port.id, lane->tx_queue, lane->backlog, length);
    lane->backlog_length = (uint16_t)(length - sent);
    memmove(lane->backlog, lane->backlog + sent, lane->backlog_length * sizeof(lane->backlog[0]));
    return 0 == lane->backlog_length;
}

/* The port is being restarted, or an earlier batch still waits for room. */
static __rte_noinline bool is_still_blocked(const adk_stack_t *stack, adk_lane_t *lane)
{
    return lane->owns_tx_queue &&
        (atomic_load_explicit(&stack->port.is_held, memory_order_acquire) ||
         (0 != lane->backlog_length && !flush_backlog(stack, lane)));
}

/* Whether nothing may be sent now. */
static __rte_always_inline bool is_blocked(const adk_stack_t *stack, adk_lane_t *lane)
{
    const bool is_held = atomic_load_explicit(&stack->port.is_held, memory_order_acquire);
    return __builtin_expect(is_held || 0 != lane->backlog_length, 0) && is_still_blocked(stack, lane);
}

/* Adds tags, and returns how many of the frames the device will take; the others are freed and counted. */
static __rte_noinline uint16_t prepare_burst(
    const adk_port_t *port, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count, adk_capture_t *capture)
{
    if (0 != port->vlan_tci)
    {
        adk_vlan_put_on(port, frames, count, NULL != capture);
    }
    if (!port->needs_tx_prepare)
    {
        return count;
    }
    const uint16_t prepared = rte_eth_tx_prepare(port->id, lane->tx_queue, frames, count);
    const uint16_t refused = (uint16_t)(count - prepared);
    if (0 != refused)
    {
        /* The device will never take this frame; sending it again would block the stream for good. */
        adk_count(lane, ADK_COUNT_TX_PREPARE, refused);
        if (NULL != capture)
        {
            adk_capture_out(capture, lane, ADK_DIRECTION_OUT, frames + prepared, refused, ADK_COUNT_TX_PREPARE);
        }
        rte_pktmbuf_free_bulk(frames + prepared, refused);
    }
    return prepared;
}

static __rte_noinline void keep_backlog(adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count)
{
    lane->backlog_length = count;
    memcpy(lane->backlog, frames, count * sizeof(frames[0]));
}

/* Takes all frames or none; frames that the TX ring has no room for wait in the backlog, so none is sent twice. */
static __rte_always_inline bool transmit(
    const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count)
{
    const adk_port_t *port = &stack->port;
    adk_capture_t *capture = adk_stack_capture(stack);

    if (__builtin_expect(!lane->owns_tx_queue, 0))
    {
        return 0 != rte_ring_sp_enqueue_bulk(lane->forward_out, (void *const *)frames, count, NULL);
    }
    if (port->touches_frames)
    {
        count = prepare_burst(port, lane, frames, count, capture);
    }
    if (__builtin_expect(NULL != capture, 0))
    {
        adk_capture_out(capture, lane, ADK_DIRECTION_OUT, frames, count, ADK_COUNT_SIZE);
    }

    const uint16_t sent = rte_eth_tx_burst(port->id, lane->tx_queue, frames, count);
    if (__builtin_expect(sent < count, 0))
    {
        keep_backlog(lane, frames + sent, (uint16_t)(count - sent));
    }
    return true;
}

static __rte_always_inline int send_frames(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    uint64_t frame_bytes = 0;
    for (uint16_t i = 0; i < count; i++)
    {
        adk_frame_build(&stack->port, destination, frames[i], &payloads[i], true);
        frame_bytes += frames[i]->pkt_len;
    }
    if (__builtin_expect(!transmit(stack, lane, frames, count), 0))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, count);
        rte_pktmbuf_free_bulk(frames, count);
        return 0;
    }
    adk_count(lane, ADK_COUNT_TX_PACKETS, count);
    adk_count(lane, ADK_COUNT_TX_BYTES, frame_bytes);
    return count;
}

/* Out of line: only sends to a single peer justify a copy of send_frames() in adk_tx_send(). */
static __rte_noinline int send_to_group(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    const int result = send_frames(stack, lane, destination, frames, payloads, count);
    if (result > 0)
    {
        adk_outlet_loop_back(stack, lane, destination, payloads, count);
    }
    return result;
}

/* How many frames the payloads become; 0 when one is too long even for fragments. */
static uint16_t frames_of(const adk_stack_t *stack, const struct iovec *payloads, uint16_t count, size_t *payload_bytes)
{
    uint16_t total = 0;
    for (uint16_t i = 0; i < count; i++)
    {
        if (payloads[i].iov_len > adk_fragments_longest(stack))
        {
            return 0;
        }
        total = (uint16_t)(total + adk_fragments_of(&stack->port, payloads[i].iov_len));
        *payload_bytes += payloads[i].iov_len;
    }
    return total;
}

__rte_noinline bool adk_tx_take(adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count)
{
    if (0 != rte_mempool_get_bulk(lane->tx_mempool, (void **)frames, count))
    {
        adk_count(lane, ADK_COUNT_TX_NOBUFS, count);
        return false;
    }
    return true;
}

static int transmit_fragments(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    uint16_t total)
{
    struct rte_mbuf *frames[ADK_BACKLOG_LENGTH];
    uint64_t frame_bytes = 0;
    uint16_t next = 0;

    if (!adk_tx_take(lane, frames, total))
    {
        return 0;
    }
    for (uint16_t i = 0; i < count; i++)
    {
        const uint16_t fragments = adk_fragments_of(&stack->port, payloads[i].iov_len);
        adk_fragments_cut(stack, lane, destination, frames + next, fragments, &payloads[i]);
        adk_count(lane, ADK_COUNT_TX_FRAGMENTED, fragments > 1);
        next = (uint16_t)(next + fragments);
    }
    for (uint16_t i = 0; i < total; i++)
    {
        frame_bytes += frames[i]->pkt_len;
    }
    if (!transmit(stack, lane, frames, total))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, total);
        rte_pktmbuf_free_bulk(frames, total);
        return 0;
    }
    adk_count(lane, ADK_COUNT_TX_PACKETS, total);
    adk_count(lane, ADK_COUNT_TX_BYTES, frame_bytes);
    return count;
}

/* A datagram to threads of this driver is never cut. */
static int send_within(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count)
{
    struct rte_mbuf *frames[ADK_SEND_BURST_MAX];
    if (!adk_tx_take(lane, frames, count))
    {
        return 0;
    }
    return adk_outlet_send(stack, lane, destination, frames, payloads, count, ADK_OUTLET_OWN_ADDRESS);
}

/* A batch with a payload that does not fit the link, or a destination without a route; as adk_tx_send(). */
static __rte_noinline int send_otherwise(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    int64_t *bytes)
{
    enum adk_outlet_en outlet = ADK_OUTLET_PORT;
    size_t payload_bytes = 0;
    int result = 0;

    if (ADK_ROUTE_UNREACHABLE == destination->route)
    {
        adk_count(lane, ADK_COUNT_TX_UNREACHABLE, count);
        return -ENETUNREACH;
    }
    const uint16_t total = frames_of(stack, payloads, count, &payload_bytes);
    if (0 == total)
    {
        adk_count(lane, ADK_COUNT_TX_TOO_LONG, count);
        return -EMSGSIZE;
    }
    if (is_blocked(stack, lane))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, total);
        return 0;
    }
    if (!adk_destination_is_resolved(destination))
    {
        outlet = adk_outlet_find(stack, lane, destination);
    }
    if (ADK_OUTLET_OWN_ADDRESS == outlet)
    {
        result = send_within(stack, lane, destination, payloads, count);
    }
    else if (ADK_OUTLET_PORT == outlet || ADK_OUTLET_GROUP == outlet)
    {
        result = transmit_fragments(stack, lane, destination, payloads, count, total);
    }
    else
    {
        /* Fragments do not wait for a MAC: the heartbeat, which Aeron sends when no data goes out, asks for it. */
        destination->ask_again_tsc = 0;
        adk_count(lane, ADK_COUNT_TX_UNRESOLVED, total);
    }
    if (ADK_OUTLET_GROUP == outlet && result > 0)
    {
        adk_outlet_loop_back(stack, lane, destination, payloads, count);
    }
    *bytes += 0 == result ? 0 : (int64_t)payload_bytes;
    return result;
}

/* Whether the port can send all payloads unfragmented; also sums their lengths. */
static __rte_always_inline bool goes_whole(
    const adk_stack_t *stack,
    const adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    size_t *sum)
{
    const size_t longest = (size_t)(stack->port.mtu - ADK_IPV4_UDP_HEADER_LENGTH);

    for (uint16_t i = 0; i < count; i++)
    {
        if (__builtin_expect(payloads[i].iov_len > longest, 0))
        {
            return false;
        }
        *sum += payloads[i].iov_len;
    }
    return ADK_ROUTE_UNREACHABLE != destination->route;
}

int adk_tx_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    int64_t *bytes)
{
    struct rte_mbuf *frames[ADK_SEND_BURST_MAX];
    enum adk_outlet_en outlet = ADK_OUTLET_PORT;
    size_t sum = 0;
    int result;

    if (__builtin_expect(!goes_whole(stack, destination, payloads, count, &sum), 0))
    {
        return send_otherwise(stack, lane, destination, payloads, count, bytes);
    }
    if (is_blocked(stack, lane))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, count);
        return 0;
    }
    if (__builtin_expect(0 != rte_mempool_get_bulk(lane->tx_mempool, (void **)frames, count), 0))
    {
        adk_count(lane, ADK_COUNT_TX_NOBUFS, count);
        return 0;
    }

    if (__builtin_expect(!adk_destination_is_resolved(destination), 0))
    {
        outlet = adk_outlet_find(stack, lane, destination);
    }
    if (__builtin_expect(ADK_OUTLET_PORT == outlet, 1))
    {
        result = send_frames(stack, lane, destination, frames, payloads, count);
    }
    else if (ADK_OUTLET_GROUP == outlet)
    {
        result = send_to_group(stack, lane, destination, frames, payloads, count);
    }
    else
    {
        result = adk_outlet_send(stack, lane, destination, frames, payloads, count, outlet);
    }
    *bytes += 0 == result ? 0 : (int64_t)sum;
    return result;
}

__rte_noinline void adk_tx_catch_up(const adk_stack_t *stack, adk_lane_t *lane)
{
    for (int i = 0; i < 2 && NULL != lane->forward_in[i]; i++)
    {
        struct rte_mbuf *frames[ADK_SEND_BURST_MAX];
        if (rte_ring_empty(lane->forward_in[i]))
        {
            continue;
        }
        if (is_blocked(stack, lane))
        {
            return;
        }
        const unsigned int count = rte_ring_sc_dequeue_burst(
            lane->forward_in[i], (void **)frames, ADK_SEND_BURST_MAX, NULL);
        (void)transmit(stack, lane, frames, (uint16_t)count);
    }
    (void)is_blocked(stack, lane);
}

bool adk_tx_is_blocked(const adk_stack_t *stack, adk_lane_t *lane)
{
    return is_blocked(stack, lane);
}

bool adk_tx_frames(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count)
{
    return transmit(stack, lane, frames, count);
}

bool adk_tx_frame(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *frame)
{
    return !is_blocked(stack, lane) && transmit(stack, lane, &frame, 1);
}
