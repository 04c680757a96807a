/*
 * The Internet checksum (RFC 1071). Sums are partial, in network byte order.
 */
#ifndef ADK_WIRE_CHECKSUM_H
#define ADK_WIRE_CHECKSUM_H

#include "wire/header.h"

/* As rte_raw_cksum(), with the vectors of every CPU that DPDK was made for, or of this one. At most 65,535 bytes. */
extern uint16_t (*adk_checksum_sum)(const void *bytes, size_t length);
/* Copies the bytes and returns the same sum: one pass over them instead of two (decision 25). */
extern uint16_t (*adk_checksum_copy)(void *to, const void *from, size_t length);

/* Lets sums use the vectors of this CPU from now on. Call it before other threads compute any. */
void adk_checksum_use_widest(void);

static inline uint16_t adk_checksum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* Sum of an IPv4 header without options: for 20 bytes the loop of rte_raw_cksum() costs more than the sum. */
static inline uint32_t adk_checksum_ipv4_sum(const struct rte_ipv4_hdr *ipv4)
{
    uint32_t words[sizeof(*ipv4) / sizeof(uint32_t)];
    uint64_t sum = 0;

    memcpy(words, ipv4, sizeof(words));
    for (size_t i = 0; i < RTE_DIM(words); i++)
    {
        sum += words[i];
    }
    return (uint32_t)(sum & 0xffff) + (uint32_t)((sum >> 16) & 0xffff) + (uint32_t)(sum >> 32);
}

/* Sum of the IPv4 header as adk_header_init() left it; total_length is still to be added. */
static inline uint32_t adk_checksum_ipv4_base(const adk_header_t *header)
{
    return adk_checksum_ipv4_sum(&header->ipv4);
}

/* Sum of the pseudo header (RFC 768) without the length, which is still to be added. */
static inline uint32_t adk_checksum_pseudo_base(const adk_header_t *header)
{
    return (uint32_t)rte_raw_cksum(&header->ipv4.src_addr, 2 * sizeof(rte_be32_t)) + rte_cpu_to_be_16(IPPROTO_UDP);
}

static inline uint16_t adk_checksum_ipv4_finish(uint32_t base, rte_be16_t total_length)
{
    return (uint16_t)~adk_checksum_fold(base + total_length);
}

/*
 * Over pseudo header, UDP header with a zero checksum field, and payload. RFC 768: a computed zero is sent as all
 * ones, since zero on the wire means that there is no checksum.
 */
static inline uint16_t adk_checksum_udp_finish(
    uint32_t pseudo_base, const struct rte_udp_hdr *udp, uint16_t datagram_length)
{
    const uint16_t sum = (uint16_t)~adk_checksum_fold(
        pseudo_base + udp->dgram_len + adk_checksum_sum(udp, datagram_length));
    return 0 == sum ? 0xffff : sum;
}

/* The same, given the payload's sum. The checksum field need not be zero. */
static inline uint16_t adk_checksum_udp_of(uint32_t pseudo_base, const struct rte_udp_hdr *udp, uint16_t payload_sum)
{
    const uint16_t sum = (uint16_t)~adk_checksum_fold(
        pseudo_base + 2 * (uint32_t)udp->dgram_len + udp->src_port + udp->dst_port + payload_sum);
    return 0 == sum ? 0xffff : sum;
}

/* True when the sum over bytes that include their own checksum field is right. */
static inline int adk_checksum_is_valid(uint32_t sum)
{
    return 0xffff == adk_checksum_fold(sum);
}

#endif
