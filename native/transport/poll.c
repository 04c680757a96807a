/* Hot path: from a burst of mbufs to Aeron's receive functions. */
#include <time.h>

#include "transport/media.h"

static inline void deliver(
    adk_poller_t *poller,
    adk_lane_t *lane,
    const adk_transport_t *owner,
    uint8_t *payload,
    uint16_t length,
    rte_be32_t source_ipv4_be,
    rte_be16_t source_port_be)
{
    aeron_udp_channel_transport_t *transport = owner->transport;
    struct sockaddr_in *source = (struct sockaddr_in *)&lane->source_address;
    struct timespec now;
    struct timespec *media_timestamp = NULL;

    if (0 != owner->connected_ipv4_be &&
        (owner->connected_ipv4_be != source_ipv4_be || owner->connected_port_be != source_port_be))
    {
        /* A connected kernel socket does not hear strangers either. */
        adk_drop(lane, ADK_COUNT_RX_NO_ENDPOINT);
        return;
    }
    if (0 != (transport->timestamp_flags & AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP))
    {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        media_timestamp = &now;
    }

    source->sin_port = source_port_be;
    source->sin_addr.s_addr = source_ipv4_be;
    poller->recv_func(
        transport->data_paths,
        transport,
        poller->clientd,
        transport->dispatch_clientd,
        transport->destination_clientd,
        payload,
        length,
        &lane->source_address,
        media_timestamp);
}

/* A datagram for the other role. True when the mbuf is no longer ours. */
static inline bool hand_off(adk_poller_t *poller, struct rte_mbuf *mbuf, const adk_datagram_t *datagram)
{
    adk_lane_t *lane = poller->lane;
    const enum adk_role_en consumer = ADK_ROLE_SENDER == lane->role ? ADK_ROLE_RECEIVER : ADK_ROLE_SENDER;
    adk_note_t *note = adk_mbuf_note(mbuf);

    note->payload_offset = datagram->payload_offset;
    note->payload_length = datagram->payload_length;
    if (0 != rte_ring_sp_enqueue(poller->stack->lanes[consumer].inbox[lane->role], mbuf))
    {
        adk_drop(lane, ADK_COUNT_HANDOFF_FULL);
        return false;
    }
    return true;
}

static inline bool on_datagram(
    adk_poller_t *poller, struct rte_mbuf *mbuf, uint8_t *bytes, const adk_datagram_t *datagram)
{
    adk_lane_t *lane = poller->lane;
    const adk_endpoint_t *endpoint = &poller->stack->endpoints.slots[datagram->destination_port];
    const uint32_t state = adk_endpoint_state(endpoint);
    adk_poller_t *target = poller;

    if (adk_endpoint_polled_by(lane->role) != state)
    {
        if (ADK_ENDPOINT_POLLED_BY_SENDER != state && ADK_ENDPOINT_POLLED_BY_RECEIVER != state)
        {
            adk_drop(lane, ADK_COUNT_RX_NO_ENDPOINT);
            return false;
        }
        target = poller->sibling;
        if (NULL == target || NULL == target->recv_func)
        {
            return hand_off(poller, mbuf, datagram);
        }
    }

    /* The lane that will answer remembers the MAC, whichever poll saw the frame. */
    adk_lane_note_source(target->lane, datagram->source_ipv4, bytes + RTE_ETHER_ADDR_LEN);
    poller->bytes += datagram->payload_length;
    deliver(
        target,
        lane,
        endpoint->owner,
        bytes + datagram->payload_offset,
        datagram->payload_length,
        datagram->source_ipv4_be,
        datagram->source_port_be);
    return false;
}

static inline bool on_control_frame(adk_lane_t *lane, struct rte_mbuf *mbuf)
{
    *adk_mbuf_note(mbuf) = (adk_note_t){ .kind = ADK_CONTROL_FRAME };
    if (0 != rte_ring_sp_enqueue(lane->control_out, mbuf))
    {
        adk_drop(lane, ADK_COUNT_CONTROL_FULL);
        return false;
    }
    return true;
}

static inline bool on_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    adk_datagram_t datagram;
    uint8_t *bytes = adk_rx_bytes(poller->stack, poller->lane, mbuf);
    const int verdict = adk_rx_verdict(poller->stack, mbuf, bytes, &datagram);

    if (__builtin_expect(ADK_VERDICT_DATAGRAM == verdict, 1))
    {
        return on_datagram(poller, mbuf, bytes, &datagram);
    }
    if (ADK_VERDICT_CONTROL == verdict)
    {
        return on_control_frame(poller->lane, mbuf);
    }
    adk_drop(poller->lane, (enum adk_count_en)verdict);
    return false;
}

ADK_CAPTURE_APART static void begin_capture(
    adk_capture_t *capture, const adk_poller_t *poller, struct rte_mbuf *mbuf, uint64_t now_ns)
{
    const uint8_t *bytes = adk_rx_bytes(poller->stack, poller->lane, mbuf);
    const uint32_t available = mbuf->pkt_len < ADK_LINEAR_LENGTH ? mbuf->pkt_len : ADK_LINEAR_LENGTH;
    adk_capture_begin(capture, poller->lane, ADK_DIRECTION_IN, now_ns, bytes, available, mbuf->pkt_len);
}

static int poll_port(adk_poller_t *poller)
{
    struct rte_mbuf *burst[ADK_RX_BURST_LENGTH];
    struct rte_mbuf *done[ADK_RX_BURST_LENGTH];
    adk_stack_t *stack = poller->stack;
    adk_capture_t *capture = adk_stack_capture(stack);
    unsigned int done_count = 0;
    uint64_t frame_bytes = 0;
    uint64_t now_ns = 0;

    if (atomic_load_explicit(&stack->port.is_held, memory_order_relaxed))
    {
        return 0;
    }

    const uint16_t count = rte_eth_rx_burst(stack->port.id, poller->rx_queue, burst, ADK_RX_BURST_LENGTH);
    if (0 == count)
    {
        return 0;
    }
    if (__builtin_expect(NULL != capture, 0))
    {
        now_ns = adk_capture_now_ns();
    }
    for (uint16_t i = 0; i < count; i++)
    {
        if (i + 1 < count)
        {
            rte_prefetch0(rte_pktmbuf_mtod(burst[i + 1], void *));
        }
        frame_bytes += burst[i]->pkt_len;
        if (__builtin_expect(NULL != capture, 0))
        {
            begin_capture(capture, poller, burst[i], now_ns);
        }
        if (!on_frame(poller, burst[i]))
        {
            done[done_count++] = burst[i];
        }
        if (__builtin_expect(NULL != capture, 0))
        {
            adk_capture_end(capture, poller->lane);
        }
    }
    rte_pktmbuf_free_bulk(done, done_count);
    adk_count(poller->lane, ADK_COUNT_RX_PACKETS, count);
    adk_count(poller->lane, ADK_COUNT_RX_BYTES, frame_bytes);
    return count;
}

/* Frames that another thread has parsed, or that were sent to our own address. */
static void on_inbox_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    adk_lane_t *lane = poller->lane;
    const adk_note_t *note = adk_mbuf_note(mbuf);
    uint8_t *bytes = adk_rx_bytes(poller->stack, lane, mbuf);
    const struct rte_ipv4_hdr *ipv4 = (const struct rte_ipv4_hdr *)(bytes + sizeof(struct rte_ether_hdr));
    const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(bytes + note->payload_offset -
                                                                 sizeof(struct rte_udp_hdr));
    const adk_endpoint_t *endpoint = &poller->stack->endpoints.slots[rte_be_to_cpu_16(udp->dst_port)];

    if (adk_endpoint_polled_by(lane->role) != adk_endpoint_state(endpoint))
    {
        adk_count(lane, ADK_ROLE_SENDER == lane->role ? ADK_COUNT_RX_SENDER_DISCARD : ADK_COUNT_RX_NO_ENDPOINT, 1);
        return;
    }
    adk_lane_note_source(lane, rte_be_to_cpu_32(ipv4->src_addr), bytes + RTE_ETHER_ADDR_LEN);
    poller->bytes += note->payload_length;
    deliver(
        poller,
        lane,
        endpoint->owner,
        bytes + note->payload_offset,
        note->payload_length,
        ipv4->src_addr,
        udp->src_port);
}

static int poll_inbox(adk_poller_t *poller, struct rte_ring *inbox)
{
    struct rte_mbuf *burst[ADK_RX_BURST_LENGTH];
    const unsigned int count = rte_ring_sc_dequeue_burst(inbox, (void **)burst, ADK_RX_BURST_LENGTH, NULL);
    for (unsigned int i = 0; i < count; i++)
    {
        on_inbox_frame(poller, burst[i]);
    }
    rte_pktmbuf_free_bulk(burst, count);
    return (int)count;
}

/* msgvec and vlen stay unused: Aeron reads the datagrams where the NIC put them, as many as there are. */
int adk_poller_poll(
    aeron_udp_transport_poller_t *poller,
    struct mmsghdr *msgvec,
    size_t vlen,
    int64_t *bytes_rcved,
    aeron_udp_transport_recv_func_t recv_func,
    aeron_udp_channel_transport_recvmmsg_func_t recvmmsg_func,
    void *clientd)
{
    adk_poller_t *state = (adk_poller_t *)poller->bindings_clientd;
    int datagrams = 0;

    (void)msgvec;
    (void)vlen;
    (void)recvmmsg_func;
    state->recv_func = recv_func;
    state->clientd = clientd;
    adk_stack_quiescent(state->stack, state->lane);
    adk_tx_progress(state->stack, state->lane);
    if (state->polls_port)
    {
        datagrams += poll_port(state);
    }
    datagrams += poll_inbox(state, state->lane->inbox[ADK_ROLE_SENDER]);
    datagrams += poll_inbox(state, state->lane->inbox[ADK_ROLE_RECEIVER]);

    *bytes_rcved += state->bytes;
    state->bytes = 0;
    return datagrams;
}
