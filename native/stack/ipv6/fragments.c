#include "stack/ipv6/fragments.h"

#include <rte_cycles.h>
#include <rte_random.h>

#define FRAGMENT_OFFSET (offsetof(adk_header6_t, udp))
#define MORE_FRAGMENTS (1)

/* ---- out ---- */

static uint8_t *begin_frame(struct rte_mbuf *frame, uint16_t length)
{
    frame->data_off = RTE_PKTMBUF_HEADROOM;
    frame->ol_flags = 0;
    frame->data_len = length;
    frame->pkt_len = length;
    frame->tx_offload = 0;
    return rte_pktmbuf_mtod(frame, uint8_t *);
}

/* A frame with the next bytes of the datagram; offset counts from the UDP header. */
static void fill(
    const adk_destination6_t *destination,
    struct rte_mbuf *frame,
    uint32_t id,
    uint32_t offset_and_flag,
    const struct rte_udp_hdr *udp,
    const uint8_t *payload,
    uint16_t payload_length)
{
    const uint16_t udp_length = offset_and_flag > MORE_FRAGMENTS ? 0 : sizeof(*udp);
    struct rte_ipv6_fragment_ext extension = {
        .next_header = IPPROTO_UDP,
        .frag_data = rte_cpu_to_be_16((uint16_t)offset_and_flag),
        .id = id,
    };
    const uint16_t part = (uint16_t)(sizeof(extension) + udp_length + payload_length);
    uint8_t *bytes = begin_frame(frame, (uint16_t)(FRAGMENT_OFFSET + part));
    adk_header6_t *header = (adk_header6_t *)bytes;

    memcpy(bytes, &destination->header, FRAGMENT_OFFSET);
    header->next_header = IPPROTO_FRAGMENT;
    header->payload_length = rte_cpu_to_be_16(part);
    memcpy(bytes + FRAGMENT_OFFSET, &extension, sizeof(extension));
    memcpy(bytes + FRAGMENT_OFFSET + sizeof(extension), udp, udp_length);
    memcpy(bytes + FRAGMENT_OFFSET + sizeof(extension) + udp_length, payload, payload_length);
}

void adk_fragments6_cut(
    const adk_port_t *port,
    const adk_destination6_t *destination,
    struct rte_mbuf **frames,
    uint16_t count,
    const struct iovec *payload)
{
    /* Must not be predictable (RFC 7739): an attacker who knows the next id can corrupt a datagram. */
    const uint32_t id = (uint32_t)rte_rand();
    const uint16_t room = adk_fragment6_room(port);
    const uint8_t *next = payload->iov_base;
    size_t left = payload->iov_len;
    struct rte_udp_hdr udp = destination->header.udp;

    udp.dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(udp) + payload->iov_len));
    udp.dgram_cksum = adk_checksum_udp_of(
        destination->pseudo_sum, &udp, adk_checksum_sum(payload->iov_base, payload->iov_len));
    for (uint16_t i = 0; i < count; i++)
    {
        const bool is_last = i + 1 == count;
        const size_t taken = is_last ? left : room - (0 == i ? sizeof(udp) : 0);
        const uint32_t offset_and_flag = (uint32_t)i * room | (is_last ? 0 : MORE_FRAGMENTS);
        fill(destination, frames[i], id, offset_and_flag, &udp, next, (uint16_t)taken);
        next += taken;
        left -= taken;
    }
}

/* ---- in ---- */

static struct rte_ipv6_fragment_ext *extension_of(struct rte_mbuf *mbuf)
{
    return rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv6_fragment_ext *, FRAGMENT_OFFSET);
}

/*
 * Directly behind the IPv6 header, UDP, all fragments but the last in units of eight bytes, and ending within the
 * longest datagram possible.
 */
static bool is_joinable(struct rte_mbuf *mbuf)
{
    const adk_header6_t *header = rte_pktmbuf_mtod(mbuf, const adk_header6_t *);
    const struct rte_ipv6_fragment_ext *extension = extension_of(mbuf);
    const uint32_t length = rte_be_to_cpu_16(header->payload_length) - (uint32_t)sizeof(*extension);
    const uint32_t word = rte_be_to_cpu_16(extension->frag_data);
    const uint32_t offset = word & ~UINT32_C(7);
    const bool is_last = 0 == (word & MORE_FRAGMENTS);

    return 1 == mbuf->nb_segs &&
        IPPROTO_FRAGMENT == header->next_header &&
        IPPROTO_UDP == extension->next_header &&
        0 != length &&
        length <= UINT16_MAX &&
        (is_last || 0 == length % 8) &&
        offset + length <= UINT16_MAX;
}

struct rte_mbuf *adk_fragments6_join(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf)
{
    adk_fragments_t *fragments = stack->fragments[lane->role];

    if (!is_joinable(mbuf))
    {
        adk_drop(lane, ADK_COUNT_RX_FRAGMENT);
        rte_pktmbuf_free(mbuf);
        return NULL;
    }
    mbuf->l2_len = sizeof(struct rte_ether_hdr);
    mbuf->l3_len = sizeof(struct rte_ipv6_hdr) + sizeof(struct rte_ipv6_fragment_ext);
    struct rte_mbuf *whole = rte_ipv6_frag_reassemble_packet(
        fragments->table,
        &fragments->dead,
        mbuf,
        rte_rdtsc(),
        rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv6_hdr *, sizeof(struct rte_ether_hdr)),
        extension_of(mbuf));
    adk_fragments_account(fragments, lane, mbuf, whole);
    return whole;
}
