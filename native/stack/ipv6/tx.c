#include "stack/ipv6/tx.h"

#include <errno.h>

#include "stack/ipv6/fragments.h"
#include "stack/ipv6/frame.h"
#include "stack/ipv6/outlet.h"
#include "stack/tx.h"

/* How many frames the payloads become; 0 when one is too long even for fragments. */
static uint16_t frames_of(const adk_stack_t *stack, const struct iovec *payloads, uint16_t count, size_t *payload_bytes)
{
    const size_t whole = (size_t)(stack->port.mtu - ADK_IPV6_UDP_HEADER_LENGTH);
    uint16_t total = 0;

    for (uint16_t i = 0; i < count; i++)
    {
        const size_t length = payloads[i].iov_len;
        if (length > whole && length > adk_fragments6_longest(stack))
        {
            return 0;
        }
        total = (uint16_t)(total + (length <= whole ? 1 : adk_fragments6_of(&stack->port, length)));
        *payload_bytes += length;
    }
    return total;
}

static uint64_t build(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    const size_t whole = (size_t)(stack->port.mtu - ADK_IPV6_UDP_HEADER_LENGTH);
    uint64_t frame_bytes = 0;
    uint16_t next = 0;

    for (uint16_t i = 0; i < count; i++)
    {
        if (payloads[i].iov_len <= whole)
        {
            adk_frame6_build(&stack->port, destination, frames[next], &payloads[i], true);
            frame_bytes += frames[next++]->pkt_len;
            continue;
        }
        const uint16_t fragments = adk_fragments6_of(&stack->port, payloads[i].iov_len);
        adk_fragments6_cut(&stack->port, destination, frames + next, fragments, &payloads[i]);
        adk_count(lane, ADK_COUNT_TX_FRAGMENTED, 1);
        for (const uint16_t end = (uint16_t)(next + fragments); next < end; next++)
        {
            frame_bytes += frames[next]->pkt_len;
        }
    }
    return frame_bytes;
}

/* Transmits by the port: all frames or none. */
static int transmit(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    uint16_t total)
{
    struct rte_mbuf *frames[ADK_BACKLOG_LENGTH];

    if (!adk_tx_take(lane, frames, total))
    {
        return 0;
    }
    const uint64_t frame_bytes = build(stack, lane, destination, frames, payloads, count);
    if (!adk_tx_frames(stack, lane, frames, total))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, total);
        rte_pktmbuf_free_bulk(frames, total);
        return 0;
    }
    adk_count(lane, ADK_COUNT_TX_PACKETS, total);
    adk_count(lane, ADK_COUNT_TX_BYTES, frame_bytes);
    return count;
}

/* Sends anywhere but directly by the port: fragments do not wait for a MAC, see decision 22. */
static __rte_noinline int send_otherwise(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    uint16_t total,
    enum adk_outlet_en outlet)
{
    if (ADK_OUTLET_GROUP == outlet)
    {
        const int result = transmit(stack, lane, destination, payloads, count, total);
        if (result > 0)
        {
            adk_outlet6_loop_back(stack, lane, destination, payloads, count);
        }
        return result;
    }
    if (total != count && ADK_OUTLET_OWN_ADDRESS != outlet)
    {
        destination->ask_again_tsc = 0;
        outlet = ADK_OUTLET_NONE;
    }
    return adk_outlet6_send(stack, lane, destination, payloads, count, outlet);
}

int adk_tx6_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    int64_t *bytes)
{
    enum adk_outlet_en outlet = ADK_OUTLET_PORT;
    size_t payload_bytes = 0;

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
    if (adk_tx_is_blocked(stack, lane))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, total);
        return 0;
    }
    if (!adk_destination6_is_resolved(destination))
    {
        outlet = adk_outlet6_find(stack, lane, destination);
    }
    const int result = ADK_OUTLET_PORT == outlet
        ? transmit(stack, lane, destination, payloads, count, total)
        : send_otherwise(stack, lane, destination, payloads, count, total, outlet);
    *bytes += 0 == result ? 0 : (int64_t)payload_bytes;
    return result;
}
