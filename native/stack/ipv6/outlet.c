#include "stack/ipv6/outlet.h"

#include <rte_cycles.h>

#include "stack/ipv6/endpoints.h"
#include "stack/ipv6/frame.h"
#include "stack/ipv6/sources.h"
#include "stack/tx.h"

static bool fill(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    struct rte_mbuf *frame,
    const struct iovec *payload)
{
    adk_note_t *note = adk_mbuf_note(frame);

    note->payload_offset = sizeof(adk_header6_t);
    note->payload_length = (uint16_t)payload->iov_len;
    if (payload->iov_len <= (size_t)(stack->port.mtu - ADK_IPV6_UDP_HEADER_LENGTH))
    {
        adk_frame6_fill(destination, frame, payload);
        return true;
    }
    return adk_outlet_fill_long(lane, &destination->header, sizeof(destination->header), frame, payload);
}

/* Datagrams for another thread of this driver. They need no checksum: they never leave the driver. */
static int put_into_inbox(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    enum adk_role_en consumer,
    const adk_destination6_t *destination,
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
    const adk_destination6_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    const uint32_t state = adk_endpoint_state(adk_endpoint6_of(stack->ipv6, destination->ipv6, destination->port_be));
    if (ADK_ENDPOINT_POLLED_BY_SENDER != state && ADK_ENDPOINT_POLLED_BY_RECEIVER != state)
    {
        adk_count(lane, ADK_COUNT_RX_NO_ENDPOINT, count);
        rte_pktmbuf_free_bulk(frames, count);
        return count;
    }
    const enum adk_role_en consumer = ADK_ENDPOINT_POLLED_BY_SENDER == state ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    return put_into_inbox(stack, lane, consumer, destination, frames, payloads, count);
}

void adk_outlet6_loop_back(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count)
{
    for (int role = ADK_ROLE_SENDER; role <= ADK_ROLE_RECEIVER; role++)
    {
        struct rte_mbuf *frames[ADK_SEND_BURST_MAX];
        if (adk_groups6_next(stack->groups, destination->ipv6, destination->port_be, (enum adk_role_en)role, 0) < 0)
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

void adk_outlet6_complete(
    const adk_stack_t *stack,
    const adk_destination6_t *destination,
    struct rte_mbuf *frame,
    const struct iovec *payload)
{
    adk_note_t *note = adk_mbuf_note(frame);

    adk_frame6_build(&stack->port, destination, frame, payload, false);
    *note = (adk_note_t){ .kind = ADK_CONTROL_UNRESOLVED6 };
    memcpy(note->next_hop6, &destination->next_hop, sizeof(note->next_hop6));
}

/* Hands complete frames to the control plane, which keeps a few of them until the next hop answers. */
static int park(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
    {
        adk_outlet6_complete(stack, destination, frames[i], &payloads[i]);
    }
    return adk_outlet_ask(stack, lane, frames, count);
}

static void tell_learnt(const adk_stack_t *stack, adk_lane_t *lane, const adk_destination6_t *destination)
{
    adk_note_t note = { .kind = ADK_CONTROL_LEARN6 };
    memcpy(note.next_hop6, &destination->next_hop, sizeof(note.next_hop6));
    memcpy(note.hint_mac, destination->header.ethernet.dst_addr.addr_bytes, sizeof(note.hint_mac));
    adk_outlet_tell(stack, lane, &note);
}

/* As for IPv4: takes the MAC from the last frame of an on-link peer. */
static bool learn_from_last_frame(const adk_stack_t *stack, const adk_lane_t *lane, adk_destination6_t *destination)
{
    const adk_source6_t *source = adk_source6(&stack->ipv6->lanes[lane->role], destination->ipv6);
    uint8_t mac[sizeof(source->mac_and_type)];

    memcpy(mac, &source->mac_and_type, sizeof(mac));
    if (ADK_ROUTE_ON_LINK != destination->route ||
        !adk_ipv6_is_same(source->ipv6, destination->ipv6) ||
        atomic_load_explicit(&source->is_doubted, memory_order_relaxed) ||
        0 != (mac[0] & 1))
    {
        return false;
    }
    memcpy(destination->header.ethernet.dst_addr.addr_bytes, mac, RTE_ETHER_ADDR_LEN);
    return true;
}

enum adk_outlet_en adk_outlet6_find(const adk_stack_t *stack, adk_lane_t *lane, adk_destination6_t *destination)
{
    if (ADK_ROUTE_LOCAL == destination->route)
    {
        return ADK_OUTLET_OWN_ADDRESS;
    }
    if (ADK_ROUTE_GROUP == destination->route)
    {
        return ADK_OUTLET_GROUP;
    }
    if (adk_destination6_resolve(stack, destination))
    {
        return ADK_OUTLET_PORT;
    }

    const uint64_t now_tsc = rte_rdtsc();
    const bool may_ask = now_tsc >= destination->ask_again_tsc;
    if (may_ask)
    {
        destination->ask_again_tsc = now_tsc + stack->ask_again_tsc;
    }
    if (!learn_from_last_frame(stack, lane, destination))
    {
        return may_ask ? ADK_OUTLET_CONTROL : ADK_OUTLET_NONE;
    }
    if (may_ask)
    {
        tell_learnt(stack, lane, destination);
    }
    return ADK_OUTLET_PORT;
}

int adk_outlet6_send(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    const adk_destination6_t *destination,
    const struct iovec *payloads,
    uint16_t count,
    enum adk_outlet_en outlet)
{
    struct rte_mbuf *frames[ADK_SEND_BURST_MAX];

    if (ADK_OUTLET_OWN_ADDRESS != outlet)
    {
        adk_count(lane, ADK_COUNT_TX_UNRESOLVED, count);
    }
    if (ADK_OUTLET_NONE == outlet || !adk_tx_take(lane, frames, count))
    {
        return 0;
    }
    return ADK_OUTLET_OWN_ADDRESS == outlet ? send_to_own_address(stack, lane, destination, frames, payloads, count)
                                            : park(stack, lane, destination, frames, payloads, count);
}
