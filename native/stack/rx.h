/* The way in, up to the verdict on one mbuf. What happens to a datagram is up to the transport. */
#ifndef ADK_STACK_RX_H
#define ADK_STACK_RX_H

#include "port/vlan.h"
#include "stack/stack.h"
#include "wire/plain.h"

/* The whole frame as contiguous, writable bytes: the mbuf's own, or a copy when it has several segments. */
static inline uint8_t *adk_rx_bytes(const adk_stack_t *stack, const adk_lane_t *lane, struct rte_mbuf *mbuf)
{
    if (__builtin_expect(1 == mbuf->nb_segs, 1))
    {
        return rte_pktmbuf_mtod(mbuf, uint8_t *);
    }

    uint8_t *linear = stack->linear[lane->role];
    uint32_t offset = 0;
    for (const struct rte_mbuf *segment = mbuf; NULL != segment; segment = segment->next)
    {
        const uint32_t room = ADK_LINEAR_LENGTH - offset;
        const uint32_t length = segment->data_len < room ? segment->data_len : room;
        memcpy(linear + offset, rte_pktmbuf_mtod(segment, const uint8_t *), length);
        offset += length;
    }
    return linear;
}

/* A clone would take the flags instead of the mbuf: one more register, paid for even by frames without a checksum. */
#if __has_attribute(noclone)
#define ADK_RX_APART __attribute__((noinline, noclone, unused))
#else
#define ADK_RX_APART __attribute__((noinline, unused))
#endif

ADK_RX_APART static bool adk_rx_is_intact(const struct rte_mbuf *mbuf, const uint8_t *bytes)
{
    return !adk_vlan_is_off(mbuf) &&
        adk_plain_is_intact(
            bytes,
            0 != (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_GOOD),
            0 != (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD));
}

/* True for nearly every frame; the rest go to adk_rx_verdict(). bytes: those of the mbuf's first segment. */
static __rte_always_inline bool adk_rx_is_plain(
    const adk_stack_t *stack, const struct rte_mbuf *mbuf, const uint8_t *bytes, uint32_t *payload_length)
{
    return 1 == mbuf->nb_segs &&
        adk_is_plain(&stack->local, bytes, mbuf->pkt_len, payload_length) &&
        (ADK_RX_CHECKSUMS_GOOD == (mbuf->ol_flags & (ADK_RX_CHECKSUMS_GOOD | RTE_MBUF_F_RX_VLAN_STRIPPED)) ||
         adk_rx_is_intact(mbuf, bytes));
}

/* bytes: see adk_rx_bytes() */
static inline int adk_rx_verdict(
    const adk_stack_t *stack, const struct rte_mbuf *mbuf, const uint8_t *bytes, adk_datagram_t *datagram)
{
    const uint32_t length = mbuf->pkt_len < ADK_LINEAR_LENGTH ? mbuf->pkt_len : ADK_LINEAR_LENGTH;

    return adk_parse_frame(
        &stack->local,
        bytes,
        length,
        0 != (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_GOOD),
        0 != (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD),
        datagram);
}

#endif
