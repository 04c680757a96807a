/*
 * Hot path: from an mbuf with IPv6 to Aeron's receive functions. Called by transport/poll.c after its check for plain
 * IPv4 frames.
 */
#include "transport/ipv6/poll.h"

#include "stack/ipv6/endpoints.h"
#include "stack/ipv6/fragments.h"
#include "transport/ipv6/deliver.h"
#include "transport/ipv6/group.h"
#include "wire/ipv6/plain.h"

static inline const adk_endpoint_t *endpoint_of(const adk_stack_t *stack, view_t view)
{
    return adk_endpoint6_of(stack->ipv6, adk_ipv6_of(header6_of(view)->destination), udp_of(view)->dst_port);
}

/* True when we no longer own the mbuf. */
static bool on_datagram(adk_poller_t *poller, struct rte_mbuf *mbuf, view_t view)
{
    const adk_endpoint_t *endpoint = endpoint_of(poller->stack, view);
    const uint32_t state = adk_endpoint_state(endpoint);
    adk_poller_t *sibling = ready_sibling(poller);

    if (__builtin_expect(poller->polled_by == state, 1))
    {
        deliver6_and_note(poller, poller->lane, adk_endpoint_owner(endpoint), view);
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
    deliver6_and_note(sibling, poller->lane, adk_endpoint_owner(endpoint), view);
    return false;
}

/* True when we no longer own the mbuf. */
static bool on_verdict(
    adk_poller_t *poller, struct rte_mbuf *mbuf, uint8_t *bytes, int verdict, const adk_datagram_t *datagram)
{
    const view_t view = { bytes, datagram->payload_offset, datagram->payload_length, mbuf };

    switch (verdict)
    {
        case ADK_VERDICT_DATAGRAM:
            return on_datagram(poller, mbuf, view);
        case ADK_VERDICT_GROUP:
            return adk_group6_on_datagram(poller, mbuf, &view);
        case ADK_VERDICT_CONTROL:
            return adk_witness6_offer(poller->stack, poller->lane, mbuf, bytes);
        default:
            adk_drop(poller->lane, (enum adk_count_en)verdict);
            return false;
    }
}

/* No device has checked the UDP checksum of a datagram that came in fragments. */
static void on_fragment(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    const adk_stack_t *stack = poller->stack;
    struct rte_mbuf *whole = adk_fragments6_join(stack, poller->lane, mbuf);
    adk_datagram_t datagram = { 0 };

    if (NULL == whole)
    {
        return;
    }
    uint8_t *bytes = adk_rx_bytes(stack, poller->lane, whole);
    const int verdict = adk_parse_frame6(&stack->ipv6->locals, bytes, whole->pkt_len, false, &datagram);
    if (!on_verdict(poller, whole, bytes, verdict, &datagram))
    {
        rte_pktmbuf_free(whole);
    }
}

static __rte_noinline bool on_other_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    const adk_stack_t *stack = poller->stack;
    const uint32_t length = mbuf->pkt_len < ADK_LINEAR_LENGTH ? mbuf->pkt_len : ADK_LINEAR_LENGTH;
    const bool is_checksum_good = 0 != (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD);
    adk_datagram_t datagram = { 0 };
    uint8_t *bytes = adk_rx_bytes(stack, poller->lane, mbuf);
    const int verdict = adk_parse_frame6(&stack->ipv6->locals, bytes, length, is_checksum_good, &datagram);

    if (ADK_COUNT_RX_FRAGMENT == verdict && NULL != stack->fragments[poller->lane->role])
    {
        if (ADK_ROLE_SENDER == poller->lane->role)
        {
            /* As with IPv4: all fragments of a datagram are collected in the receiver's table. */
            return hand_off(poller, mbuf, (view_t){ .payload_offset = 0 });
        }
        on_fragment(poller, mbuf);
        return true;
    }
    return on_verdict(poller, mbuf, bytes, verdict, &datagram);
}

bool adk_poll6_on_frame(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    const adk_stack6_t *stack6 = poller->stack->ipv6;
    const bool is_checksum_good = 0 != (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD);
    view_t view = { rte_pktmbuf_mtod(mbuf, uint8_t *), sizeof(adk_header6_t), 0, mbuf };

    if (1 != mbuf->nb_segs ||
        !adk_is_plain6(&stack6->locals, view.bytes, mbuf->pkt_len, is_checksum_good, &view.payload_length) ||
        !adk_source6_is_known(lane6_of(poller), source6_of(view), ethernet_of(view)))
    {
        return on_other_frame(poller, mbuf);
    }
    return on_datagram(poller, mbuf, view);
}

bool adk_poll6_on_inbox(adk_poller_t *poller, struct rte_mbuf *mbuf, uint8_t *bytes)
{
    adk_lane_t *lane = poller->lane;
    const adk_note_t *note = adk_mbuf_note(mbuf);
    const view_t view = { bytes, note->payload_offset, note->payload_length, mbuf };
    const adk_endpoint_t *endpoint = endpoint_of(poller->stack, view);

    if (0 == view.payload_offset)
    {
        on_fragment(poller, mbuf);
        return true;
    }
    if (adk_ipv6_is_group_mac(bytes))
    {
        adk_group6_on_inbox(poller, &view);
        return false;
    }
    if (poller->polled_by != adk_endpoint_state(endpoint))
    {
        adk_count(lane, ADK_ROLE_SENDER == lane->role ? ADK_COUNT_RX_SENDER_DISCARD : ADK_COUNT_RX_NO_ENDPOINT, 1);
        return false;
    }
    deliver6_and_note(poller, lane, adk_endpoint_owner(endpoint), view);
    return false;
}
