#include "stack/tx.h"

#include <errno.h>

#include <rte_cycles.h>
#include <rte_memcpy.h>

/* Fills one mbuf; is_offloaded leaves to the device the checksums that it can compute. */
static inline uint32_t build_frame(
    const adk_port_t *port,
    const adk_destination_t *destination,
    struct rte_mbuf *mbuf,
    const struct iovec *payload,
    bool is_offloaded)
{
    adk_header_t *header = rte_pktmbuf_mtod(mbuf, adk_header_t *);
    const uint16_t length = (uint16_t)payload->iov_len;
    const uint16_t datagram_length = (uint16_t)(sizeof(struct rte_udp_hdr) + length);

    *header = destination->header;
    rte_memcpy(header + 1, payload->iov_base, length);
    header->ipv4.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(struct rte_ipv4_hdr) + datagram_length));
    header->udp.dgram_len = rte_cpu_to_be_16(datagram_length);
    mbuf->data_len = (uint16_t)(sizeof(*header) + length);
    mbuf->pkt_len = mbuf->data_len;

    if (is_offloaded)
    {
        mbuf->l2_len = sizeof(struct rte_ether_hdr);
        mbuf->l3_len = sizeof(struct rte_ipv4_hdr);
        mbuf->ol_flags |= port->tx_mbuf_flags;
    }
    if (!is_offloaded || !port->tx_ipv4_checksum)
    {
        header->ipv4.hdr_checksum = adk_checksum_ipv4_finish(destination->ipv4_sum, header->ipv4.total_length);
    }
    /* A device that computes the UDP checksum starts from the pseudo header's sum (rte_mbuf_core.h, TX_UDP_CKSUM). */
    header->udp.dgram_cksum = is_offloaded && port->tx_udp_checksum
        ? adk_checksum_fold(destination->pseudo_sum + header->udp.dgram_len)
        : adk_checksum_udp_finish(destination->pseudo_sum, &header->udp, datagram_length);
    return mbuf->pkt_len;
}

static inline bool flush_backlog(const adk_stack_t *stack, adk_lane_t *lane)
{
    const uint16_t length = lane->backlog_length;
    const uint16_t sent = rte_eth_tx_burst(stack->port.id, lane->tx_queue, lane->backlog, length);
    lane->backlog_length = (uint16_t)(length - sent);
    memmove(lane->backlog, lane->backlog + sent, lane->backlog_length * sizeof(lane->backlog[0]));
    return 0 == lane->backlog_length;
}

/* Nothing may be sent now: the port is being restarted, or an earlier batch still waits for room. */
static inline bool is_blocked(const adk_stack_t *stack, adk_lane_t *lane)
{
    if (!lane->owns_tx_queue)
    {
        return false;
    }
    return atomic_load_explicit(&stack->port.is_held, memory_order_relaxed) ||
        (0 != lane->backlog_length && !flush_backlog(stack, lane));
}

/* Takes all frames or none; what the TX ring has no room for waits in the backlog, so none is sent twice. */
static inline bool transmit(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf **frames, uint16_t count)
{
    const adk_port_t *port = &stack->port;
    adk_capture_t *capture = adk_stack_capture(stack);

    if (!lane->owns_tx_queue)
    {
        return 0 != rte_ring_sp_enqueue_bulk(lane->forward_out, (void *const *)frames, count, NULL);
    }
    if (port->needs_tx_prepare)
    {
        const uint16_t prepared = rte_eth_tx_prepare(port->id, lane->tx_queue, frames, count);
        if (prepared < count)
        {
            /* The device will never take this frame; sending it again would block the stream for good. */
            adk_count(lane, ADK_COUNT_TX_PREPARE, (uint64_t)(count - prepared));
            if (NULL != capture)
            {
                const uint16_t refused = (uint16_t)(count - prepared);
                adk_capture_out(capture, lane, ADK_DIRECTION_OUT, frames + prepared, refused, ADK_COUNT_TX_PREPARE);
            }
            rte_pktmbuf_free_bulk(frames + prepared, (unsigned int)(count - prepared));
            count = prepared;
        }
    }

    if (__builtin_expect(NULL != capture, 0))
    {
        adk_capture_out(capture, lane, ADK_DIRECTION_OUT, frames, count, ADK_COUNT_SIZE);
    }
    const uint16_t sent = rte_eth_tx_burst(port->id, lane->tx_queue, frames, count);
    if (sent < count)
    {
        lane->backlog_length = (uint16_t)(count - sent);
        memcpy(lane->backlog, frames + sent, lane->backlog_length * sizeof(frames[0]));
    }
    return true;
}

static bool is_too_long(const adk_port_t *port, const struct iovec *payloads, uint16_t count)
{
    const size_t longest = (size_t)(port->mtu - ADK_IPV4_UDP_HEADER_LENGTH);
    for (uint16_t i = 0; i < count; i++)
    {
        if (payloads[i].iov_len > longest)
        {
            return true;
        }
    }
    return false;
}

static int send_to_own_address(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    const adk_endpoint_t *endpoint = &stack->endpoints.slots[rte_be_to_cpu_16(destination->port_be)];
    const uint32_t state = adk_endpoint_state(endpoint);
    if (ADK_ENDPOINT_POLLED_BY_SENDER != state && ADK_ENDPOINT_POLLED_BY_RECEIVER != state)
    {
        adk_count(lane, ADK_COUNT_RX_NO_ENDPOINT, count);
        rte_pktmbuf_free_bulk(frames, count);
        return count;
    }

    for (uint16_t i = 0; i < count; i++)
    {
        adk_header_t *header = rte_pktmbuf_mtod(frames[i], adk_header_t *);
        adk_note_t *note = adk_mbuf_note(frames[i]);
        *header = destination->header;
        rte_memcpy(header + 1, payloads[i].iov_base, payloads[i].iov_len);
        note->payload_offset = sizeof(*header);
        note->payload_length = (uint16_t)payloads[i].iov_len;
        frames[i]->data_len = (uint16_t)(sizeof(*header) + payloads[i].iov_len);
        frames[i]->pkt_len = frames[i]->data_len;
    }

    const enum adk_role_en consumer = ADK_ENDPOINT_POLLED_BY_SENDER == state ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    struct rte_ring *inbox = stack->lanes[consumer].inbox[lane->role];
    const bool is_full = rte_ring_free_count(inbox) < count;
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
    /* Room does not shrink: nobody but this thread puts anything in. */
    (void)rte_ring_sp_enqueue_bulk(inbox, (void *const *)frames, count, NULL);
    adk_count(lane, ADK_COUNT_LOOPBACK_PACKETS, count);
    return count;
}

/* Hands complete frames to the control plane, which keeps a few until the next hop answers. */
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
        (void)build_frame(&stack->port, destination, frames[i], &payloads[i], false);
        *adk_mbuf_note(frames[i]) = (adk_note_t){ .kind = ADK_CONTROL_UNRESOLVED, .next_hop = destination->next_hop };
    }
    if (0 == rte_ring_sp_enqueue_bulk(lane->control_out, (void *const *)frames, count, NULL))
    {
        adk_count(lane, ADK_COUNT_CONTROL_FULL, count);
        rte_pktmbuf_free_bulk(frames, count);
        return 0;
    }
    return count;
}

/* Tells the control plane which MAC was taken on trust, so that it confirms it. Losing the message costs nothing. */
static void tell_learnt(adk_lane_t *lane, const adk_destination_t *destination)
{
    struct rte_mbuf *message = rte_pktmbuf_alloc(lane->tx_mempool);
    if (NULL == message)
    {
        return;
    }

    adk_note_t *note = adk_mbuf_note(message);
    *note = (adk_note_t){ .kind = ADK_CONTROL_LEARN, .next_hop = destination->next_hop };
    memcpy(note->hint_mac, destination->header.ethernet.dst_addr.addr_bytes, sizeof(note->hint_mac));
    if (0 != rte_ring_sp_enqueue(lane->control_out, message))
    {
        adk_count(lane, ADK_COUNT_CONTROL_FULL, 1);
        rte_pktmbuf_free(message);
    }
}

/*
 * The peer's own last frame tells its MAC, where it is on-link: a receiver's first status message need not wait for
 * ARP. Behind a gateway it would be the gateway's MAC under the wrong address.
 */
static bool learn_from_last_frame(adk_lane_t *lane, adk_destination_t *destination)
{
    const adk_source_t *source = adk_lane_source(lane, destination->ipv4);
    if (ADK_ROUTE_ON_LINK != destination->route || source->ipv4 != destination->ipv4 || 0 != (source->mac[0] & 1))
    {
        return false;
    }
    memcpy(destination->header.ethernet.dst_addr.addr_bytes, source->mac, RTE_ETHER_ADDR_LEN);
    return true;
}

static int send_frames(
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
        frame_bytes += build_frame(&stack->port, destination, frames[i], &payloads[i], true);
    }
    if (!transmit(stack, lane, frames, count))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, count);
        rte_pktmbuf_free_bulk(frames, count);
        return 0;
    }
    adk_count(lane, ADK_COUNT_TX_PACKETS, count);
    adk_count(lane, ADK_COUNT_TX_BYTES, frame_bytes);
    return count;
}

static int send_unresolved(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    adk_destination_t *destination,
    struct rte_mbuf **frames,
    const struct iovec *payloads,
    uint16_t count)
{
    const uint64_t now_tsc = rte_rdtsc();
    const bool may_ask = now_tsc >= destination->ask_again_tsc;
    if (may_ask)
    {
        destination->ask_again_tsc = now_tsc + stack->ask_again_tsc;
    }
    if (learn_from_last_frame(lane, destination))
    {
        if (may_ask)
        {
            tell_learnt(lane, destination);
        }
        return send_frames(stack, lane, destination, frames, payloads, count);
    }

    adk_count(lane, ADK_COUNT_TX_UNRESOLVED, count);
    if (may_ask)
    {
        return park(stack, lane, destination, frames, payloads, count);
    }
    rte_pktmbuf_free_bulk(frames, count);
    return 0;
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
    int result;

    if (ADK_ROUTE_UNREACHABLE == destination->route)
    {
        adk_count(lane, ADK_COUNT_TX_UNREACHABLE, count);
        return -ENETUNREACH;
    }
    if (is_too_long(&stack->port, payloads, count))
    {
        adk_count(lane, ADK_COUNT_TX_TOO_LONG, count);
        return -EMSGSIZE;
    }
    if (is_blocked(stack, lane))
    {
        adk_count(lane, ADK_COUNT_TX_EAGAIN, count);
        return 0;
    }
    if (0 != rte_pktmbuf_alloc_bulk(lane->tx_mempool, frames, count))
    {
        adk_count(lane, ADK_COUNT_TX_NOBUFS, count);
        return 0;
    }

    if (ADK_ROUTE_LOCAL == destination->route)
    {
        result = send_to_own_address(stack, lane, destination, frames, payloads, count);
    }
    else if (adk_destination_is_resolved(destination) || adk_destination_resolve(stack, destination))
    {
        result = send_frames(stack, lane, destination, frames, payloads, count);
    }
    else
    {
        result = send_unresolved(stack, lane, destination, frames, payloads, count);
    }

    for (int i = 0; i < result; i++)
    {
        *bytes += (int64_t)payloads[i].iov_len;
    }
    return result;
}

void adk_tx_progress(const adk_stack_t *stack, adk_lane_t *lane)
{
    if (!lane->owns_tx_queue)
    {
        return;
    }
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

bool adk_tx_frame(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *frame)
{
    return !is_blocked(stack, lane) && transmit(stack, lane, &frame, 1);
}
