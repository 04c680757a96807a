/* From a whole received frame of IPv6 to one verdict, as wire/datagram.h does it for IPv4. Pure. */
#ifndef ADK_WIRE_IPV6_DATAGRAM_H
#define ADK_WIRE_IPV6_DATAGRAM_H

#include <netinet/in.h>

#include "wire/datagram.h"
#include "wire/ipv6/header.h"
#include "wire/ipv6/locals.h"
#include "wire/ipv6/ndp.h"

/* A sender uses each kind once or twice (RFC 8200 §4.1); the only purpose of a longer chain is to cost us time. */
#define ADK_EXTENSIONS_MAX (8)

/* Multicast listener discovery (RFC 3810 §5.1). */
#define ADK_ICMPV6_LISTENER_QUERY (130)
#define ADK_ICMPV6_LISTENER_REPORT (131) /* of MLDv1, to the group itself: we need not report it then (RFC 2710 §4) */

/* The two upper bits of an option's type say what to do if the option is unknown; 0: skip it (RFC 8200 §4.2). */
#define ADK_OPTION_ACTION (0xc0)

static inline bool adk_is_ipv6_frame(const uint8_t *frame)
{
    return rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6) == ((const struct rte_ether_hdr *)frame)->ether_type;
}

/* No packet may come from it. The unspecified address is not among these: callers decide where it is allowed. */
static inline bool adk_is_martian_source6(adk_ipv6_t source)
{
    return adk_ipv6_is_multicast(source) || adk_ipv6_is_loopback(source) || adk_ipv6_is_mapped(source);
}

/* Whether the options between the two offsets are well-formed, and none asks to drop the packet if it is unknown. */
static inline bool adk_may_skip_options(const uint8_t *frame, uint32_t offset, uint32_t end)
{
    while (offset < end)
    {
        if (0 == frame[offset])
        {
            offset++;
            continue;
        }
        if (0 != (frame[offset] & ADK_OPTION_ACTION) || offset + 2 > end)
        {
            return false;
        }
        offset += 2u + frame[offset + 1];
    }
    return offset == end;
}

/*
 * Advances *offset past the extension headers, and past the header of a fragment that is the whole packet ("atomic",
 * RFC 6946). Returns 0, or the count for the reason why the packet is dropped.
 */
static inline int adk_walk_extensions(const uint8_t *frame, uint32_t end, uint32_t *offset, uint8_t *next_header)
{
    for (int i = 0; i < ADK_EXTENSIONS_MAX; i++)
    {
        const bool is_hop_by_hop = IPPROTO_HOPOPTS == *next_header;
        const bool is_fragment = IPPROTO_FRAGMENT == *next_header;
        const bool is_routing = IPPROTO_ROUTING == *next_header;
        if (!is_hop_by_hop && !is_fragment && !is_routing && IPPROTO_DSTOPTS != *next_header)
        {
            return 0;
        }
        if (*offset + 8 > end || (is_hop_by_hop && 0 != i))
        {
            return ADK_COUNT_RX_IPV6_HEADER;
        }
        const uint8_t *extension = frame + *offset;
        const uint32_t length = is_fragment ? 8 : 8 + 8 * (uint32_t)extension[1];
        if (is_fragment && 0 != (((uint32_t)extension[2] << 8 | extension[3]) & ~UINT32_C(6)))
        {
            return ADK_COUNT_RX_FRAGMENT;
        }
        /* A routing header with segments left asks us to forward the packet, which only routers do (RFC 5095). */
        if (*offset + length > end ||
            (is_routing && 0 != extension[3]) ||
            (!is_routing && !is_fragment && !adk_may_skip_options(frame, *offset + 2, *offset + length)))
        {
            return ADK_COUNT_RX_IPV6_HEADER;
        }
        *next_header = extension[0];
        *offset += length;
    }
    return ADK_COUNT_RX_IPV6_HEADER;
}

/* A checksum is mandatory (RFC 8200 §8.1). */
static inline int adk_parse_udp6(
    const uint8_t *frame, uint32_t udp_offset, uint32_t end, bool is_checksum_good, adk_datagram_t *datagram)
{
    const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(frame + udp_offset);

    if (udp_offset + sizeof(*udp) > end)
    {
        return ADK_COUNT_RX_UDP_HEADER;
    }
    const uint32_t datagram_length = rte_be_to_cpu_16(udp->dgram_len);
    if (datagram_length < sizeof(*udp) || datagram_length > end - udp_offset)
    {
        return ADK_COUNT_RX_UDP_HEADER;
    }
    const uint8_t *addresses = ((const adk_header6_t *)frame)->source;
    if (0 == udp->dgram_cksum ||
        (!is_checksum_good &&
         !adk_checksum_is_valid(
             adk_checksum_pseudo6(addresses) + udp->dgram_len + adk_checksum_sum(udp, datagram_length))))
    {
        return ADK_COUNT_RX_UDP_CHECKSUM;
    }
    datagram->payload_offset = (uint16_t)(udp_offset + sizeof(*udp));
    datagram->payload_length = (uint16_t)(datagram_length - sizeof(*udp));
    return ADK_VERDICT_DATAGRAM;
}

/* What the control plane must see: all that is sent to our addresses; of what is sent to groups, NDP and MLD. */
static inline int adk_parse_icmpv6(
    const adk_locals6_t *locals, const uint8_t *frame, uint32_t offset, uint32_t end, bool is_group)
{
    const adk_ipv6_t destination = adk_ipv6_of(((const adk_header6_t *)frame)->destination);

    if (!is_group)
    {
        return ADK_VERDICT_CONTROL;
    }
    const uint8_t type = offset < end ? frame[offset] : 0;
    if (ADK_ICMPV6_LISTENER_QUERY == type || ADK_ICMPV6_LISTENER_REPORT == type)
    {
        return ADK_VERDICT_CONTROL;
    }
    if (!adk_ipv6_is_same(destination, adk_ipv6_all_nodes()) && !adk_locals6_are_solicited_by(locals, destination))
    {
        return ADK_COUNT_RX_NOT_OUR_GROUP;
    }
    /* A ping to a group is not answered: one packet would make all its members answer. */
    const bool is_of_neighbours = ADK_NDP_ROUTER_ADVERTISEMENT == type ||
        ADK_NDP_NEIGHBOUR_SOLICITATION == type ||
        ADK_NDP_NEIGHBOUR_ADVERTISEMENT == type;
    return is_of_neighbours ? ADK_VERDICT_CONTROL : ADK_COUNT_RX_PROTOCOL;
}

static inline int adk_parse_ipv6(
    const adk_locals6_t *locals,
    const uint8_t *frame,
    uint32_t length,
    bool is_group,
    bool is_udp_checksum_good,
    adk_datagram_t *datagram)
{
    const adk_header6_t *header = (const adk_header6_t *)frame;
    const adk_ipv6_t source = adk_ipv6_of(header->source);
    const adk_ipv6_t destination = adk_ipv6_of(header->destination);
    const uint32_t state = adk_locals6_state_of(locals, destination);
    const uint32_t end = (uint32_t)offsetof(adk_header6_t, udp) + rte_be_to_cpu_16(header->payload_length);
    uint32_t offset = offsetof(adk_header6_t, udp);
    uint8_t next_header = header->next_header;
    uint8_t mac[RTE_ETHER_ADDR_LEN];

    if (6 != frame[sizeof(struct rte_ether_hdr)] >> 4)
    {
        return ADK_COUNT_RX_IPV6_HEADER;
    }
    /* As with IPv4: a frame shorter than its packet has been cut, a longer one is padded. */
    if (end > length)
    {
        return ADK_COUNT_RX_TRUNCATED;
    }
    adk_ipv6_group_mac(destination, mac);
    if (is_group ? !adk_ipv6_is_multicast(destination) || 0 != memcmp(mac, frame, sizeof(mac))
                 : ADK_LOCAL6_NONE == state)
    {
        return ADK_COUNT_RX_NOT_OUR_ADDRESS;
    }
    if (adk_is_martian_source6(source))
    {
        return ADK_COUNT_RX_MARTIAN_SOURCE;
    }
    const int fault = adk_walk_extensions(frame, end, &offset, &next_header);
    if (0 == fault && IPPROTO_ICMPV6 == next_header)
    {
        return adk_parse_icmpv6(locals, frame, offset, end, is_group);
    }
    if (adk_ipv6_is_unspecified(source) || ADK_LOCAL6_NONE != adk_locals6_state_of(locals, source))
    {
        return ADK_COUNT_RX_MARTIAN_SOURCE;
    }
    if (!is_group && ADK_LOCAL6_USABLE != state)
    {
        return ADK_COUNT_RX_NOT_OUR_ADDRESS;
    }
    if (0 != fault || IPPROTO_UDP != next_header)
    {
        return 0 != fault ? fault : ADK_COUNT_RX_PROTOCOL;
    }
    const int verdict = adk_parse_udp6(frame, offset, end, is_udp_checksum_good, datagram);
    return is_group && ADK_VERDICT_DATAGRAM == verdict ? ADK_VERDICT_GROUP : verdict;
}

/* frame: length contiguous bytes without FCS; its EtherType is that of IPv6. */
static inline int adk_parse_frame6(
    const adk_locals6_t *locals,
    const uint8_t *frame,
    uint32_t length,
    bool is_udp_checksum_good,
    adk_datagram_t *datagram)
{
    const bool is_group = adk_ipv6_is_group_mac(frame);

    if (length < offsetof(adk_header6_t, udp))
    {
        return ADK_COUNT_RX_TRUNCATED;
    }
    return is_group || 0 == memcmp(frame, locals->mac, RTE_ETHER_ADDR_LEN)
        ? adk_parse_ipv6(locals, frame, length, is_group, is_udp_checksum_good, datagram)
        : ADK_COUNT_RX_NOT_OUR_MAC;
}

#endif
