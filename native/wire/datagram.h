/*
 * From a whole received frame to one verdict. The length is checked once per header; after that no access
 * can fail. Pure: no mbuf, no EAL, no state. The fuzz target calls the same function.
 */
#ifndef ADK_WIRE_DATAGRAM_H
#define ADK_WIRE_DATAGRAM_H

#include <stdbool.h>

#include "api/aeron_dpdk.h"
#include "wire/checksum.h"

/* A verdict is a count to increment for a frame that is dropped, or one of the two below. */
#define ADK_VERDICT_DATAGRAM (-1)
#define ADK_VERDICT_CONTROL (-2)
#define ADK_VERDICT_GROUP (-3)        /* a datagram for a multicast group, which somebody may hear or nobody */

typedef struct adk_address_stct
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];
    rte_be32_t ipv4_be;
} adk_address_t;

typedef struct adk_datagram_stct
{
    uint16_t payload_offset;          /* from the first byte of the frame */
    uint16_t payload_length;
} adk_datagram_t;

/* No host has an address of "this network", of loopback, of a group or of the reserved range (RFC 1122 §3.2.1.3). */
static inline bool adk_is_martian_source(uint32_t ipv4)
{
    const uint32_t first_octet = ipv4 >> 24;
    return 0 == first_octet || 127 == first_octet || first_octet >= 224;
}

/* 01:00:5e and a 0 bit: the MACs of IPv4 multicast groups (RFC 1112 §6.4). */
static inline bool adk_is_group_mac(const uint8_t *mac)
{
    return 0x01 == mac[0] && 0x00 == mac[1] && 0x5e == mac[2] && 0 == (mac[3] & 0x80);
}

/* Whether the frame's MAC is that of the packet's group: both have the same low 23 bits. */
static inline bool adk_is_group_of_mac(const uint8_t *mac, uint32_t ipv4)
{
    const uint32_t low_bits = (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
    return 0xe == ipv4 >> 28 && low_bits == (ipv4 & 0x7fffff);
}

/* The groups of multicast routers, which hosts report to: 224.0.0.2 (RFC 2236 §9), 224.0.0.22 (RFC 3376 §4.2.14). */
static inline bool adk_is_routers_group(rte_be32_t ipv4_be)
{
    return RTE_BE32(0xe0000002) == ipv4_be || RTE_BE32(0xe0000016) == ipv4_be;
}

static inline int adk_parse_udp(
    const uint8_t *frame,
    const struct rte_ipv4_hdr *ipv4,
    uint32_t udp_offset,
    uint32_t udp_limit,
    bool is_checksum_good,
    adk_datagram_t *datagram)
{
    if (udp_limit < sizeof(struct rte_udp_hdr))
    {
        return ADK_COUNT_RX_UDP_HEADER;
    }

    const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(frame + udp_offset);
    const uint32_t datagram_length = rte_be_to_cpu_16(udp->dgram_len);
    if (datagram_length < sizeof(*udp) || datagram_length > udp_limit)
    {
        return ADK_COUNT_RX_UDP_HEADER;
    }

    if (!is_checksum_good && 0 != udp->dgram_cksum)
    {
        const uint32_t sum = (uint32_t)rte_raw_cksum(&ipv4->src_addr, 2 * sizeof(rte_be32_t)) +
            rte_cpu_to_be_16(IPPROTO_UDP) + udp->dgram_len + adk_checksum_sum(udp, datagram_length);
        if (!adk_checksum_is_valid(sum))
        {
            return ADK_COUNT_RX_UDP_CHECKSUM;
        }
    }

    datagram->payload_offset = (uint16_t)(udp_offset + sizeof(*udp));
    datagram->payload_length = (uint16_t)(datagram_length - sizeof(*udp));
    return ADK_VERDICT_DATAGRAM;
}

static inline int adk_parse_ipv4(
    const adk_address_t *local,
    const uint8_t *frame,
    uint32_t length,
    bool is_ipv4_checksum_good,
    bool is_udp_checksum_good,
    adk_datagram_t *datagram)
{
    if (length < sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr))
    {
        return ADK_COUNT_RX_TRUNCATED;
    }

    const struct rte_ipv4_hdr *ipv4 = (const struct rte_ipv4_hdr *)(frame + sizeof(struct rte_ether_hdr));
    const uint32_t header_length = rte_ipv4_hdr_len(ipv4);
    const uint32_t total_length = rte_be_to_cpu_16(ipv4->total_length);
    if (4 != ipv4->version_ihl >> 4 || header_length < sizeof(*ipv4) || total_length < header_length)
    {
        return ADK_COUNT_RX_IPV4_HEADER;
    }
    /* A frame shorter than its datagram has been cut; a longer one has Ethernet padding, which is ignored. */
    if (total_length > length - sizeof(struct rte_ether_hdr))
    {
        return ADK_COUNT_RX_TRUNCATED;
    }
    if (!is_ipv4_checksum_good && !adk_checksum_is_valid(rte_raw_cksum(ipv4, header_length)))
    {
        return ADK_COUNT_RX_IPV4_CHECKSUM;
    }
    const bool is_group = adk_is_group_mac(frame);
    if (is_group ? !adk_is_group_of_mac(frame, rte_be_to_cpu_32(ipv4->dst_addr)) : local->ipv4_be != ipv4->dst_addr)
    {
        return ADK_COUNT_RX_NOT_OUR_ADDRESS;
    }
    const bool is_igmp = IPPROTO_IGMP == ipv4->next_proto_id;
    const uint32_t source = rte_be_to_cpu_32(ipv4->src_addr);
    /* A switch that sends queries in place of a router has no address of its own (RFC 4541 §2.1.1). */
    if (ipv4->src_addr == local->ipv4_be || (adk_is_martian_source(source) && !(is_igmp && INADDR_ANY == source)))
    {
        return ADK_COUNT_RX_MARTIAN_SOURCE;
    }
    if (0 != (ipv4->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)))
    {
        return ADK_COUNT_RX_FRAGMENT;
    }
    if (IPPROTO_UDP == ipv4->next_proto_id)
    {
        const uint32_t udp_offset = (uint32_t)sizeof(struct rte_ether_hdr) + header_length;
        const int verdict = adk_parse_udp(
            frame, ipv4, udp_offset, total_length - header_length, is_udp_checksum_good, datagram);
        return is_group && ADK_VERDICT_DATAGRAM == verdict ? ADK_VERDICT_GROUP : verdict;
    }
    if (is_igmp)
    {
        return adk_is_routers_group(ipv4->dst_addr) ? ADK_COUNT_RX_NOT_OUR_GROUP : ADK_VERDICT_CONTROL;
    }
    /* A ping to a group is not answered, as RFC 1122 §3.2.2.6 allows: one packet would make all its members answer. */
    return IPPROTO_ICMP == ipv4->next_proto_id && !is_group ? ADK_VERDICT_CONTROL : ADK_COUNT_RX_PROTOCOL;
}

/*
 * frame: length contiguous bytes without FCS. The two flags say that the device vouches for a checksum; if it
 * does not, the checksum is computed here.
 */
static inline int adk_parse_frame(
    const adk_address_t *local,
    const uint8_t *frame,
    uint32_t length,
    bool is_ipv4_checksum_good,
    bool is_udp_checksum_good,
    adk_datagram_t *datagram)
{
    if (length < sizeof(struct rte_ether_hdr))
    {
        return ADK_COUNT_RX_TRUNCATED;
    }

    const struct rte_ether_hdr *ethernet = (const struct rte_ether_hdr *)frame;
    const bool is_our_mac = 0 == memcmp(ethernet->dst_addr.addr_bytes, local->mac, RTE_ETHER_ADDR_LEN);
    if (rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) == ethernet->ether_type)
    {
        /* A unicast IPv4 packet in a broadcast frame is not accepted either: RFC 1122 §3.3.6. */
        return is_our_mac || adk_is_group_mac(frame)
            ? adk_parse_ipv4(local, frame, length, is_ipv4_checksum_good, is_udp_checksum_good, datagram)
            : ADK_COUNT_RX_NOT_OUR_MAC;
    }
    if (rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) == ethernet->ether_type)
    {
        return is_our_mac || rte_is_broadcast_ether_addr(&ethernet->dst_addr) ? ADK_VERDICT_CONTROL
                                                                              : ADK_COUNT_RX_NOT_OUR_MAC;
    }
    return ADK_COUNT_RX_ETHERTYPE;
}

#endif
