/* The 42 bytes in front of every datagram: Ethernet II, IPv4 without options (RFC 791), UDP (RFC 768). */
#ifndef ADK_WIRE_HEADER_H
#define ADK_WIRE_HEADER_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

/* RFC 791 §3.1: version 4, header of five 32-bit words. */
#define ADK_IPV4_VERSION_IHL (0x45)
#define ADK_IPV4_DEFAULT_TTL (64)

/* The part of the link's MTU that IPv4 and UDP need. */
#define ADK_IPV4_UDP_HEADER_LENGTH (28)

typedef struct adk_header_stct
{
    struct rte_ether_hdr ethernet;
    struct rte_ipv4_hdr ipv4;
    struct rte_udp_hdr udp;
} __attribute__((packed, aligned(2))) adk_header_t;

static_assert(42 == sizeof(adk_header_t), "no padding between the headers");
static_assert(14 == offsetof(adk_header_t, ipv4), "IPv4 follows Ethernet II without a VLAN tag");
static_assert(34 == offsetof(adk_header_t, udp), "UDP follows IPv4 without options");
static_assert(ADK_IPV4_UDP_HEADER_LENGTH == sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr), "MTU arithmetic");

/*
 * Every field that does not depend on the payload. The destination MAC, the lengths and the checksums stay zero.
 * DF is set and the identification is zero: RFC 6864 §4.1 allows any value in datagrams that are never fragmented.
 */
static inline void adk_header_init(
    adk_header_t *header,
    const uint8_t *source_mac,
    uint32_t source_ipv4,
    uint16_t source_port,
    uint32_t destination_ipv4,
    uint16_t destination_port)
{
    memset(header, 0, sizeof(*header));
    memcpy(header->ethernet.src_addr.addr_bytes, source_mac, RTE_ETHER_ADDR_LEN);
    header->ethernet.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
    header->ipv4.version_ihl = ADK_IPV4_VERSION_IHL;
    header->ipv4.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
    header->ipv4.time_to_live = ADK_IPV4_DEFAULT_TTL;
    header->ipv4.next_proto_id = IPPROTO_UDP;
    header->ipv4.src_addr = rte_cpu_to_be_32(source_ipv4);
    header->ipv4.dst_addr = rte_cpu_to_be_32(destination_ipv4);
    header->udp.src_port = rte_cpu_to_be_16(source_port);
    header->udp.dst_port = rte_cpu_to_be_16(destination_port);
}

#endif
