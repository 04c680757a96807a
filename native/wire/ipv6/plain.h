/* As wire/plain.h, for IPv6: recognises the frames that nearly all frames are. Here too the source is not checked. */
#ifndef ADK_WIRE_IPV6_PLAIN_H
#define ADK_WIRE_IPV6_PLAIN_H

#include "wire/ipv6/datagram.h"
#include "wire/plain.h"

/* Masks over four bytes in network byte order. */
#define ADK_PLAIN6_TYPE_MASK (rte_cpu_to_be_32(UINT32_C(0xfffff000)))
#define ADK_PLAIN6_TYPE (rte_cpu_to_be_32(((uint32_t)RTE_ETHER_TYPE_IPV6 << 16) | 0x6000))

static_assert(12 == offsetof(adk_header6_t, ethernet.ether_type), "type and version are a word");
static_assert(0 == offsetof(adk_locals6_t, mac), "a MAC is read as eight bytes");

/* frame: length contiguous bytes without FCS. payload_length is valid if it returns true. */
static __rte_always_inline bool adk_is_plain6(
    const adk_locals6_t *locals,
    const uint8_t *frame,
    uint32_t length,
    bool is_udp_checksum_good,
    uint32_t *payload_length)
{
    const adk_header6_t *header = (const adk_header6_t *)frame;
    uint32_t room;

    if (__builtin_sub_overflow(length, (uint32_t)sizeof(*header), &room))
    {
        return false;
    }
    /* For a datagram shorter than its own header this wraps around, and is then far too long for the room. */
    *payload_length = rte_be_to_cpu_16(header->udp.dgram_len) - (uint32_t)sizeof(struct rte_udp_hdr);
    return adk_plain_is_same_mac(frame, locals->mac) &&
        ADK_PLAIN6_TYPE == (adk_word_32(&header->ethernet.ether_type) & ADK_PLAIN6_TYPE_MASK) &&
        IPPROTO_UDP == header->next_header &&
        header->payload_length == header->udp.dgram_len &&
        *payload_length <= room &&
        0 != header->udp.dgram_cksum &&
        ADK_LOCAL6_USABLE == adk_locals6_state_of(locals, adk_ipv6_of(header->destination)) &&
        (is_udp_checksum_good ||
         adk_checksum_is_valid(
             adk_checksum_pseudo6(header->source) + header->udp.dgram_len +
             adk_checksum_sum(&header->udp, rte_be_to_cpu_16(header->udp.dgram_len))));
}

#endif
