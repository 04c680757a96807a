/* Hot path: from a burst of mbufs to Aeron's receive functions. */
#include "stack/fragments.h"
#include "transport/group.h"
#include "transport/kernel.h"
#include "transport/ipv6/poll.h"
#include "transport/poll.h"
#include "wire/ipv6/datagram.h"

static inline const adk_endpoint_t *endpoint_of(const adk_stack_t *stack, view_t view)
{
    return &stack->endpoints.slots[udp_of(view)->dst_port];
}

/* True when we no longer own the mbuf. */
static bool on_datagram(adk_poller_t *poller, struct rte_mbuf *mbuf, view_t view)
{
    const adk_endpoint_t *endpoint = endpoint_of(poller->stack, view);
    const uint32_t state = adk_endpoint_state(endpoint);
    adk_poller_t *sibling = ready_sibling(poller);

    if (poller->polled_by == state)
    {
        deliver_and_note(poller, poller->lane, adk_endpoint_owner(endpoint), view);
        return false;
    }
    if (ADK_ENDPOINT_POLLED_BY_SENDER != state && ADK_ENDPOINT_POLLED_BY_RECEIVER != state)
    {
        adk_drop(poller->lane, ADK_COUNT_RX_NO_ENDPOINT);
        return false;
    }
    if (NULL == sibling)
    {
        return hand_off(poller, mbuf, view);
    }
    deliver_and_note(sibling, poller->lane, adk_endpoint_owner(endpoint), view);
    return false;
}

/* True when we no longer own the mbuf. */
static bool on_verdict(
    adk_poller_t *poller, struct rte_mbuf *mbuf, uint8_t *bytes, int verdict, const adk_datagram_t *parsed)
{
    const adk_datagram_t datagram = *parsed;

    if (ADK_VERDICT_DATAGRAM == verdict)
    {
        return on_datagram(poller, mbuf, (view_t){ bytes, datagram.payload_offset, datagram.payload_length, mbuf });
    }
    if (ADK_VERDICT_GROUP == verdict)
    {
        const view_t view = { bytes, datagram.payload_offset, datagram.payload_length, mbuf };
        return adk_group_on_datagram(poller, mbuf, &view);
    }
    if (ADK_VERDICT_CONTROL == verdict)
    {
        return adk_witness_offer(poller->stack, poller->lane, mbuf, bytes);
    }
    adk_drop(poller->lane, (enum adk_count_en)verdict);
    return false;
}

/* Fragments may arrive on several queues, but one table collects them. True when we no longer own the mbuf. */
static bool hand_off_fragment(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    return hand_off(poller, mbuf, (view_t){ .payload_offset = 0 });
}

/* No device has checked the UDP checksum of a datagram that came in fragments. */
static __rte_noinline void on_fragment(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    const adk_stack_t *stack = poller->stack;
    struct rte_mbuf *whole = adk_fragments_join(stack, poller->lane, mbuf);
    adk_datagram_t datagram = { 0 };

    if (NULL == whole)
    {
        return;
    }
    uint8_t *bytes = adk_rx_bytes(stack, poller->lane, whole);
    const int verdict = adk_parse_frame(&stack->local, bytes, whole->pkt_len, true, false, &datagram);
    if (!on_verdict(poller, whole, bytes, verdict, &datagram))
    {
        rte_pktmbuf_free(whole);
    }
}

static bool is_ipv6(const adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    return NULL != poller->stack->ipv6 &&
        mbuf->data_len >= sizeof(struct rte_ether_hdr) &&
        adk_is_ipv6_frame(rte_pktmbuf_mtod(mbuf, const uint8_t *));
}

static __rte_noinline bool on_other_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    adk_datagram_t datagram = { 0 };

    if (__builtin_expect(adk_vlan_may_have_tag(mbuf), 0) && adk_vlan_is_another(&poller->stack->port, mbuf))
    {
        adk_drop(poller->lane, ADK_COUNT_RX_NOT_OUR_VLAN);
        return false;
    }
    if (is_ipv6(poller, mbuf))
    {
        return adk_poll6_on_frame(poller, mbuf);
    }
    uint8_t *bytes = adk_rx_bytes(poller->stack, poller->lane, mbuf);
    const int verdict = adk_rx_verdict(poller->stack, mbuf, bytes, &datagram);

    if (ADK_COUNT_RX_FRAGMENT == verdict && NULL != poller->stack->fragments[poller->lane->role])
    {
        if (ADK_ROLE_SENDER == poller->lane->role)
        {
            return hand_off_fragment(poller, mbuf);
        }
        on_fragment(poller, mbuf);
        return true;
    }
    return on_verdict(poller, mbuf, bytes, verdict, &datagram);
}

/* A plain frame from a known source whose endpoint the other poll serves. True when we no longer own the mbuf. */
static __rte_noinline bool on_sibling_frame(adk_poller_t *poller, struct rte_mbuf *mbuf, const view_t *datagram)
{
    const view_t view = *datagram;
    const adk_endpoint_t *endpoint = endpoint_of(poller->stack, view);
    adk_poller_t *sibling = ready_sibling(poller);

    if (NULL != sibling && adk_endpoint_state(endpoint) == sibling->polled_by && knows_source(sibling->lane, view))
    {
        deliver(sibling, poller->lane, adk_endpoint_owner(endpoint), view);
        return false;
    }
    return on_other_frame(poller, mbuf);
}

/* True when we no longer own the mbuf. */
static __rte_always_inline bool on_frame(
    adk_poller_t *poller, adk_lane_t *lane, const adk_stack_t *stack, struct rte_mbuf *mbuf)
{
    view_t view = {
        .bytes = rte_pktmbuf_mtod(mbuf, uint8_t *),
        .payload_offset = sizeof(adk_header_t),
        .mbuf = mbuf,
    };

    if (__builtin_expect(!adk_rx_is_plain(stack, mbuf, view.bytes, &view.payload_length), 0))
    {
        return on_other_frame(poller, mbuf);
    }

    const adk_endpoint_t *endpoint = endpoint_of(stack, view);
    if (__builtin_expect(adk_endpoint_state(endpoint) != poller->polled_by, 0) ||
        __builtin_expect(!knows_source(lane, view), 0))
    {
        const view_t copy = view;
        return on_sibling_frame(poller, mbuf, &copy);
    }
    deliver(poller, lane, adk_endpoint_owner(endpoint), view);
    return false;
}

ADK_CAPTURE_APART void adk_poll_begin_capture(
    adk_capture_t *capture, const adk_poller_t *poller, struct rte_mbuf *mbuf, uint64_t now_ns)
{
    adk_vlan_put_back(mbuf);
    const uint8_t *bytes = adk_rx_bytes(poller->stack, poller->lane, mbuf);
    const uint32_t available = mbuf->pkt_len < ADK_LINEAR_LENGTH ? mbuf->pkt_len : ADK_LINEAR_LENGTH;
    adk_capture_begin(capture, poller->lane, ADK_DIRECTION_IN, now_ns, bytes, available, mbuf->pkt_len);
    if (0 != poller->stack->port.vlan_tci)
    {
        adk_vlan_sort(&poller->stack->port, &mbuf, 1);
    }
}

bool adk_poll_on_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    return on_frame(poller, poller->lane, poller->stack, mbuf);
}

/* capture is a constant NULL in all callers but the second: without a capture nothing is checked per frame. */
static __rte_always_inline void on_burst(
    adk_poller_t *poller, struct rte_mbuf **burst, uint16_t count, adk_capture_t *capture)
{
    const adk_stack_t *stack = poller->stack;
    adk_lane_t *lane = poller->lane;
    const uint64_t now_ns = NULL == capture ? 0 : adk_capture_now_ns();
    uint64_t frame_bytes = 0;

    lane->has_burst_time = false;
    for (uint16_t i = 0; i < count; i++)
    {
        struct rte_mbuf *mbuf = burst[i];
        /* The last one twice: cheaper than checking which is the last. Nearly all begin at the headroom's end. */
        rte_prefetch0((const uint8_t *)burst[i + 1]->buf_addr + RTE_PKTMBUF_HEADROOM);
        frame_bytes += mbuf->pkt_len;
        if (NULL != capture)
        {
            adk_poll_begin_capture(capture, poller, mbuf, now_ns);
        }
        if (__builtin_expect(on_frame(poller, lane, stack, mbuf), 0))
        {
            burst[i] = NULL;
        }
        if (NULL != capture)
        {
            adk_capture_end(capture, poller->lane);
        }
    }
    /* rte_pktmbuf_free_bulk() skips NULLs. */
    rte_pktmbuf_free_bulk(burst, count);
    adk_count(lane, ADK_COUNT_RX_PACKETS, count);
    adk_count(lane, ADK_COUNT_RX_BYTES, frame_bytes);
}

static __rte_noinline void on_quiet_burst(adk_poller_t *poller, struct rte_mbuf **burst, uint16_t count)
{
    on_burst(poller, burst, count, NULL);
}

static void on_tagged_burst(adk_poller_t *poller, struct rte_mbuf **burst, uint16_t count)
{
    adk_vlan_sort(&poller->stack->port, burst, count);
    on_quiet_burst(poller, burst, count);
}

adk_on_burst_t adk_poller_on_burst(const adk_stack_t *stack)
{
    return 0 == stack->port.vlan_tci ? on_quiet_burst : on_tagged_burst;
}

ADK_CAPTURE_APART static void on_captured_burst(
    adk_poller_t *poller, struct rte_mbuf **burst, uint16_t count, adk_capture_t *capture)
{
    on_burst(poller, burst, count, capture);
}

static __rte_always_inline int poll_port(adk_poller_t *poller)
{
    struct rte_mbuf *burst[ADK_RX_BURST_LENGTH + 1];
    adk_stack_t *stack = poller->stack;
    adk_capture_t *capture = adk_stack_capture(stack);

    if (__builtin_expect(atomic_load_explicit(&stack->port.is_held, memory_order_acquire), 0))
    {
        return 0;
    }

    const uint16_t count = rte_eth_rx_burst(stack->port.id, poller->rx_queue, burst, ADK_RX_BURST_LENGTH);
    if (0 == count)
    {
        poller->lane->looks++;
        return 0;
    }
    burst[count] = burst[count - 1];
    if (__builtin_expect(NULL != capture, 0) && NULL == poller->next_on_port)
    {
        on_captured_burst(poller, burst, count, capture);
    }
    else
    {
        poller->on_burst(poller, burst, count);
    }
    return count;
}

/* Frames that another thread has parsed, or that were sent to our own address. True when we no longer own the mbuf. */
static bool on_inbox_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    adk_lane_t *lane = poller->lane;
    const adk_note_t *note = adk_mbuf_note(mbuf);
    const view_t view = {
        .bytes = adk_rx_bytes(poller->stack, lane, mbuf),
        .payload_offset = note->payload_offset,
        .payload_length = note->payload_length,
        .mbuf = mbuf,
    };

    if (__builtin_expect(adk_is_ipv6_frame(view.bytes), 0))
    {
        return adk_poll6_on_inbox(poller, mbuf, view.bytes);
    }
    if (__builtin_expect(0 == view.payload_offset, 0))
    {
        on_fragment(poller, mbuf);
        return true;
    }
    if (__builtin_expect(adk_is_group_mac(view.bytes), 0))
    {
        adk_group_on_inbox(poller, &view);
        return false;
    }
    const adk_endpoint_t *endpoint = endpoint_of(poller->stack, view);
    if (poller->polled_by != adk_endpoint_state(endpoint))
    {
        adk_count(lane, ADK_ROLE_SENDER == lane->role ? ADK_COUNT_RX_SENDER_DISCARD : ADK_COUNT_RX_NO_ENDPOINT, 1);
        return false;
    }
    deliver_and_note(poller, lane, adk_endpoint_owner(endpoint), view);
    return false;
}

static __rte_noinline int empty_inbox(adk_poller_t *poller, struct rte_ring *inbox)
{
    struct rte_mbuf *burst[ADK_RX_BURST_LENGTH];
    const unsigned int count = rte_ring_sc_dequeue_burst(inbox, (void **)burst, ADK_RX_BURST_LENGTH, NULL);

    poller->lane->has_burst_time = false;
    for (unsigned int i = 0; i < count; i++)
    {
        if (__builtin_expect(on_inbox_frame(poller, burst[i]), 0))
        {
            burst[i] = NULL;
        }
    }
    rte_pktmbuf_free_bulk(burst, count);
    return (int)count;
}

static inline int poll_inbox(adk_poller_t *poller, struct rte_ring *inbox)
{
    return __builtin_expect(rte_ring_empty(inbox), 1) ? 0 : empty_inbox(poller, inbox);
}

static __rte_always_inline int poll_interface(adk_poller_t *poller, int64_t *bytes_rcved)
{
    int datagrams = 0;

    if (poller->polls_port)
    {
        datagrams += poll_port(poller);
    }
    datagrams += poll_inbox(poller, poller->lane->inbox[ADK_ROLE_SENDER]);
    datagrams += poll_inbox(poller, poller->lane->inbox[ADK_ROLE_RECEIVER]);

    *bytes_rcved += poller->bytes;
    poller->bytes = 0;
    return datagrams;
}

/* Polls the other interfaces in the same way as the first. */
static int poll_further(const adk_poller_t *first, int64_t *bytes_rcved)
{
    int datagrams = 0;

    for (adk_poller_t *poller = first->next; NULL != poller; poller = poller->next)
    {
        poller->recv_func = first->recv_func;
        poller->clientd = first->clientd;
        /* For all before any is polled: on a shared port one interface's poll reads another's tables. */
        adk_stack_quiescent(poller->stack, poller->lane);
    }
    for (adk_poller_t *poller = first->next; NULL != poller; poller = poller->next)
    {
        adk_tx_progress(poller->stack, poller->lane);
        datagrams += poll_interface(poller, bytes_rcved);
    }
    return datagrams;
}

static __rte_noinline int work_on_the_side(
    adk_poller_t *poller, struct mmsghdr *msgvec, size_t vlen, int64_t *bytes_rcved)
{
    adk_tx_catch_up(poller->stack, poller->lane);
    const int datagrams = poll_further(poller, bytes_rcved);
    return 0 == poller->kernel.transports.length ? datagrams
                                                 : datagrams + adk_kernel_poll(poller, msgvec, vlen, bytes_rcved);
}

/* msgvec and vlen are for the kernel's sockets: Aeron receives into them, as many datagrams as there are. */
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

    (void)recvmmsg_func;
    state->recv_func = recv_func;
    state->clientd = clientd;
    adk_stack_quiescent(state->stack, state->lane);
    if (adk_lane_is_behind(state->lane))
    {
        datagrams += work_on_the_side(state, msgvec, vlen, bytes_rcved);
    }
    return datagrams + poll_interface(state, bytes_rcved);
}
