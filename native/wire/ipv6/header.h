/* The 62 bytes in front of a datagram of IPv6: Ethernet II, IPv6 without extension headers (RFC 8200), UDP. */
#ifndef ADK_WIRE_IPV6_HEADER_H
#define ADK_WIRE_IPV6_HEADER_H

#include "wire/checksum.h"
#include "wire/header.h"
#include "wire/ipv6/address.h"

#define ADK_IPV6_VERSION_BE (rte_cpu_to_be_32(UINT32_C(6) << 28))
/* Linux's defaults: net.ipv6.conf.*.hop_limit, and 1 for multicast (RFC 3493 §5.2). */
#define ADK_IPV6_DEFAULT_HOP_LIMIT (64)

/* The part of the link's MTU that IPv6 and UDP need. */
#define ADK_IPV6_UDP_HEADER_LENGTH (48)

/* A struct of our own, since DPDK's versions define that of IPv6 addresses differently. */
typedef struct adk_header6_stct
{
    struct rte_ether_hdr ethernet;
    rte_be32_t version_class_flow;
    rte_be16_t payload_length;
    uint8_t next_header;
    uint8_t hop_limit;
    uint8_t source[ADK_IPV6_LENGTH];
    uint8_t destination[ADK_IPV6_LENGTH];
    struct rte_udp_hdr udp;
} __attribute__((packed, aligned(2))) adk_header6_t;

static_assert(62 == sizeof(adk_header6_t), "no padding between the headers");
static_assert(54 == offsetof(adk_header6_t, udp), "UDP follows IPv6 without extension headers");
static_assert(40 == sizeof(struct rte_ipv6_hdr), "as DPDK has it");

/* As adk_header_init(): destination MAC, lengths and checksum stay zero. The flow label is zero (RFC 6437 §2). */
static inline void adk_header6_init(
    adk_header6_t *header,
    const uint8_t *source_mac,
    adk_ipv6_t source,
    uint16_t source_port,
    adk_ipv6_t destination,
    rte_be16_t destination_port_be)
{
    memset(header, 0, sizeof(*header));
    memcpy(header->ethernet.src_addr.addr_bytes, source_mac, RTE_ETHER_ADDR_LEN);
    header->ethernet.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
    header->version_class_flow = ADK_IPV6_VERSION_BE;
    header->next_header = IPPROTO_UDP;
    header->hop_limit = ADK_IPV6_DEFAULT_HOP_LIMIT;
    memcpy(header->source, &source, sizeof(header->source));
    memcpy(header->destination, &destination, sizeof(header->destination));
    header->udp.src_port = rte_cpu_to_be_16(source_port);
    header->udp.dst_port = destination_port_be;
}

/*
 * Sum of the pseudo header (RFC 8200 §8.1) without the length, which is still to be added; it has 32 bits, of which
 * the upper 16 are zero for UDP.
 */
static inline uint32_t adk_checksum_pseudo6(const uint8_t *addresses)
{
    return (uint32_t)rte_raw_cksum(addresses, 2 * ADK_IPV6_LENGTH) + rte_cpu_to_be_16(IPPROTO_UDP);
}

#endif
