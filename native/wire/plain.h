/*
 * Recognises the frames that nearly all frames are: to us, IPv4 without options, not a fragment, and UDP up to its end.
 * It compares words instead of fields. The source is not checked: the data path remembers which sources
 * adk_parse_frame() has accepted. Apart from that, adk_parse_frame() accepts whatever this accepts, with the same
 * result (tests/fuzz), and says what is wrong with the rest.
 */
#ifndef ADK_WIRE_PLAIN_H
#define ADK_WIRE_PLAIN_H

#include "wire/datagram.h"
#include "wire/words.h"

/* Masks over four bytes in network byte order. */
#define ADK_PLAIN_TYPE_MASK (rte_cpu_to_be_32(UINT32_C(0xffffff00)))
#define ADK_PLAIN_TYPE (rte_cpu_to_be_32(((uint32_t)RTE_ETHER_TYPE_IPV4 << 16) | (ADK_IPV4_VERSION_IHL << 8)))
#define ADK_PLAIN_PROTOCOL_MASK                                                                    \
    (rte_cpu_to_be_32(((uint32_t)(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK) << 16) | 0xff))
#define ADK_PLAIN_PROTOCOL (rte_cpu_to_be_32(IPPROTO_UDP))

static_assert(offsetof(adk_address_t, mac) + sizeof(uint64_t) <= sizeof(adk_address_t), "a MAC is read as eight bytes");
static_assert(12 == offsetof(adk_header_t, ethernet.ether_type), "type, version, header length and DSCP are a word");
static_assert(20 == offsetof(adk_header_t, ipv4.fragment_offset), "fragment, TTL and protocol are a word");

/* Whether the first six of eight bytes are the same, on a CPU of either byte order. */
static inline bool adk_plain_is_same_mac(const uint8_t *bytes, const uint8_t *mac)
{
    const uint64_t difference = adk_word_64(bytes) ^ adk_word_64(mac);
    return 0 == (RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN ? difference << 16 : difference >> 16);
}

/*
 * frame: length contiguous bytes without FCS. payload_length is valid if it returns true; the payload follows the
 * headers. Checksums are not checked: either the device has, or adk_plain_is_intact() must.
 */
static __rte_always_inline bool adk_is_plain(
    const adk_address_t *local, const uint8_t *frame, uint32_t length, uint32_t *payload_length)
{
    const adk_header_t *header = (const adk_header_t *)frame;
    uint32_t room;

    if (__builtin_sub_overflow(length, (uint32_t)sizeof(*header), &room))
    {
        return false;
    }

    const uint32_t datagram_length = rte_be_to_cpu_32(adk_word_32(&header->udp.dgram_len)) >> 16;
    const uint16_t total_length = (uint16_t)(sizeof(struct rte_ipv4_hdr) + datagram_length);
    /* For a datagram shorter than its own header this wraps around, and is then far too long for the room. */
    *payload_length = datagram_length - (uint32_t)sizeof(struct rte_udp_hdr);
    return adk_plain_is_same_mac(frame, local->mac) &&
        ADK_PLAIN_TYPE == (adk_word_32(&header->ethernet.ether_type) & ADK_PLAIN_TYPE_MASK) &&
        ADK_PLAIN_PROTOCOL == (adk_word_32(&header->ipv4.fragment_offset) & ADK_PLAIN_PROTOCOL_MASK) &&
        local->ipv4_be == header->ipv4.dst_addr &&
        *payload_length <= room &&
        rte_cpu_to_be_16(total_length) == header->ipv4.total_length;
}

/* Checks a plain frame's checksums. The pseudo header's addresses stand right before the UDP header: one sum does. */
static inline bool adk_plain_is_intact(const uint8_t *frame, bool is_ipv4_checksum_good, bool is_udp_checksum_good)
{
    const adk_header_t *header = (const adk_header_t *)frame;

    if (!is_ipv4_checksum_good && !adk_checksum_is_valid(adk_checksum_ipv4_sum(&header->ipv4)))
    {
        return false;
    }
    return is_udp_checksum_good ||
        0 == header->udp.dgram_cksum ||
        adk_checksum_is_valid(
               (uint32_t)adk_checksum_sum(
                   &header->ipv4.src_addr, 2 * sizeof(rte_be32_t) + rte_be_to_cpu_16(header->udp.dgram_len)) +
               rte_cpu_to_be_16(IPPROTO_UDP) + header->udp.dgram_len);
}

#endif
