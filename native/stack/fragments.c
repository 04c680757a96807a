#include "stack/fragments.h"

#include <errno.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "port/error.h"

/*
 * A datagram's entry is in one of two buckets, and the table has twice this many buckets (rte_ip_frag_table_create()).
 */
#define BUCKETS (ADK_REASSEMBLIES / 4)
#define BUCKET_ENTRIES (4)

adk_fragments_t *adk_fragments_open(enum adk_role_en role, int socket_id)
{
    adk_fragments_t *fragments = rte_zmalloc_socket(
        "adk_fragments", sizeof(*fragments), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == fragments)
    {
        adk_set_error(ENOMEM, "no memory for fragments (%zu bytes)", sizeof(*fragments));
        return NULL;
    }
    fragments->next_id = (uint16_t)role;
    fragments->table = rte_ip_frag_table_create(
        BUCKETS,
        BUCKET_ENTRIES,
        ADK_REASSEMBLIES,
        rte_get_tsc_hz() / (UINT64_C(1000000000) / ADK_REASSEMBLY_NS),
        socket_id);
    if (NULL == fragments->table)
    {
        adk_set_error(ENOMEM, "no memory for a table of %d datagrams in fragments", ADK_REASSEMBLIES);
        rte_free(fragments);
        return NULL;
    }
    return fragments;
}

void adk_fragments_close(adk_fragments_t *fragments)
{
    if (NULL != fragments)
    {
        rte_ip_frag_table_destroy(fragments->table);
        rte_free(fragments);
    }
}

/* ---- out ---- */

static rte_be16_t checksum_of(
    const adk_destination_t *destination, const struct rte_udp_hdr *udp, const struct iovec *payload)
{
    return adk_checksum_udp_of(destination->pseudo_sum, udp, adk_checksum_sum(payload->iov_base, payload->iov_len));
}

/* A frame with the next bytes of the datagram; offset counts from the UDP header. */
static void fill(
    const adk_destination_t *destination,
    struct rte_mbuf *frame,
    uint16_t id,
    uint32_t offset,
    bool is_last,
    const struct rte_udp_hdr *udp,
    const uint8_t *payload,
    uint16_t payload_length)
{
    const uint16_t udp_length = 0 == offset ? sizeof(*udp) : 0;
    const uint16_t length = (uint16_t)(offsetof(adk_header_t, udp) + udp_length + payload_length);
    uint8_t *bytes;

    frame->data_off = RTE_PKTMBUF_HEADROOM;
    frame->ol_flags = 0;
    frame->data_len = length;
    frame->pkt_len = length;
    frame->tx_offload = 0;
    bytes = rte_pktmbuf_mtod(frame, uint8_t *);
    memcpy(bytes, &destination->header, offsetof(adk_header_t, udp));
    memcpy(bytes + offsetof(adk_header_t, udp), udp, udp_length);
    memcpy(bytes + offsetof(adk_header_t, udp) + udp_length, payload, payload_length);

    struct rte_ipv4_hdr *ipv4 = (struct rte_ipv4_hdr *)(bytes + offsetof(adk_header_t, ipv4));
    const uint32_t flags = is_last ? 0 : RTE_IPV4_HDR_MF_FLAG;
    ipv4->total_length = rte_cpu_to_be_16((uint16_t)(length - offsetof(adk_header_t, ipv4)));
    ipv4->packet_id = rte_cpu_to_be_16(id);
    ipv4->fragment_offset = rte_cpu_to_be_16((uint16_t)(flags | offset / RTE_IPV4_HDR_OFFSET_UNITS));
    ipv4->hdr_checksum = (uint16_t)~adk_checksum_fold(adk_checksum_ipv4_sum(ipv4));
}

void adk_fragments_cut(
    const adk_stack_t *stack,
    const adk_lane_t *lane,
    const adk_destination_t *destination,
    struct rte_mbuf **frames,
    uint16_t count,
    const struct iovec *payload)
{
    adk_fragments_t *fragments = stack->fragments[lane->role];
    const uint16_t room = adk_fragment_room(&stack->port);
    const uint8_t *next = payload->iov_base;
    size_t left = payload->iov_len;
    struct rte_udp_hdr udp = destination->header.udp;

    udp.dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(udp) + payload->iov_len));
    udp.dgram_cksum = checksum_of(destination, &udp, payload);
    for (uint16_t i = 0; i < count; i++)
    {
        const bool is_last = i + 1 == count;
        const size_t taken = is_last ? left : room - (0 == i ? sizeof(udp) : 0);
        fill(destination, frames[i], fragments->next_id, (uint32_t)i * room, is_last, &udp, next, (uint16_t)taken);
        next += taken;
        left -= taken;
    }
    fragments->next_id = (uint16_t)(fragments->next_id + ADK_ROLE_CONTROL);
}

/* ---- in ---- */

/*
 * UDP, all fragments but the last in units of eight bytes, and ending within the longest datagram possible: "ping of
 * death" goes beyond it.
 */
static bool is_joinable(const struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ipv4)
{
    const uint32_t header_length = rte_ipv4_hdr_len(ipv4);
    const uint32_t length = rte_be_to_cpu_16(ipv4->total_length) - header_length;
    const uint32_t word = rte_be_to_cpu_16(ipv4->fragment_offset);
    const uint32_t offset = (word & RTE_IPV4_HDR_OFFSET_MASK) * RTE_IPV4_HDR_OFFSET_UNITS;
    const bool is_last = 0 == (word & RTE_IPV4_HDR_MF_FLAG);

    return 1 == mbuf->nb_segs &&
        IPPROTO_UDP == ipv4->next_proto_id &&
        length > 0 &&
        (is_last || 0 == length % RTE_IPV4_HDR_OFFSET_UNITS) &&
        header_length + offset + length <= UINT16_MAX;
}

void adk_fragments_account(
    adk_fragments_t *fragments, adk_lane_t *lane, const struct rte_mbuf *mbuf, const struct rte_mbuf *whole)
{
    struct rte_ip_frag_death_row *dead = &fragments->dead;
    if (0 != dead->cnt)
    {
        /*
         * The last one is either this frame or part of a datagram that timed out; the counts need not tell these apart.
         */
        lane->drop_reason = mbuf == dead->row[dead->cnt - 1] ? ADK_COUNT_RX_FRAGMENT : lane->drop_reason;
        adk_count(lane, ADK_COUNT_RX_FRAGMENT, dead->cnt);
        rte_ip_frag_free_death_row(dead, 0);
    }
    if (NULL != whole)
    {
        adk_count(lane, ADK_COUNT_RX_REASSEMBLED, 1);
    }
}

struct rte_mbuf *adk_fragments_join(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf)
{
    adk_fragments_t *fragments = stack->fragments[lane->role];
    struct rte_ip_frag_death_row *dead = &fragments->dead;
    struct rte_ipv4_hdr *ipv4 = rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv4_hdr *, sizeof(struct rte_ether_hdr));

    if (!is_joinable(mbuf, ipv4))
    {
        adk_drop(lane, ADK_COUNT_RX_FRAGMENT);
        rte_pktmbuf_free(mbuf);
        return NULL;
    }
    mbuf->l2_len = sizeof(struct rte_ether_hdr);
    mbuf->l3_len = rte_ipv4_hdr_len(ipv4);
    struct rte_mbuf *whole = rte_ipv4_frag_reassemble_packet(fragments->table, dead, mbuf, rte_rdtsc(), ipv4);
    adk_fragments_account(fragments, lane, mbuf, whole);
    return whole;
}
