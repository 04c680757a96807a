/* Which MAC a packet of neighbour discovery names for which address (RFC 4861). Pure. */
#ifndef ADK_WIRE_IPV6_NDP_H
#define ADK_WIRE_IPV6_NDP_H

#include "wire/ipv6/header.h"

/* Types of ICMPv6, and of options (RFC 4861 §4). */
enum adk_ndp_en
{
    ADK_NDP_ROUTER_SOLICITATION = 133,
    ADK_NDP_ROUTER_ADVERTISEMENT = 134,
    ADK_NDP_NEIGHBOUR_SOLICITATION = 135,
    ADK_NDP_NEIGHBOUR_ADVERTISEMENT = 136,
    ADK_NDP_SOURCE_MAC = 1,
    ADK_NDP_TARGET_MAC = 2
};

/* Routers decrement it: a packet that still has it comes from this link (RFC 4861 §7.1). */
#define ADK_NDP_HOP_LIMIT (255)

#define ADK_NDP_OFFSET (offsetof(adk_header6_t, udp))
/* Type, code, checksum and four more bytes; then the target, in messages about neighbours. */
#define ADK_NDP_TARGET_OFFSET (ADK_NDP_OFFSET + 8)

static inline const uint8_t *adk_ndp_mac(const uint8_t *frame, size_t offset, size_t end, uint8_t option)
{
    while (offset + 8 <= end)
    {
        const size_t length = (size_t)frame[offset + 1] * 8;
        if (0 == length || offset + length > end)
        {
            return NULL;
        }
        if (option == frame[offset] && 8 == length)
        {
            return frame + offset + 2;
        }
        offset += length;
    }
    return NULL;
}

/* frame: length contiguous bytes, of IPv6. The MAC that it names, and in *address for whom; NULL if it names none. */
static inline const uint8_t *adk_ndp_claim(const uint8_t *frame, size_t length, adk_ipv6_t *address)
{
    const adk_header6_t *header = (const adk_header6_t *)frame;
    const size_t target_end = ADK_NDP_TARGET_OFFSET + ADK_IPV6_LENGTH;

    if (length < ADK_NDP_TARGET_OFFSET ||
        IPPROTO_ICMPV6 != header->next_header ||
        ADK_NDP_HOP_LIMIT != header->hop_limit)
    {
        return NULL;
    }
    *address = adk_ipv6_of(header->source);
    switch (frame[ADK_NDP_OFFSET])
    {
        case ADK_NDP_ROUTER_SOLICITATION:
            return adk_ndp_mac(frame, ADK_NDP_TARGET_OFFSET, length, ADK_NDP_SOURCE_MAC);
        case ADK_NDP_ROUTER_ADVERTISEMENT:
            return adk_ndp_mac(frame, ADK_NDP_TARGET_OFFSET + 8, length, ADK_NDP_SOURCE_MAC);
        case ADK_NDP_NEIGHBOUR_SOLICITATION:
            return adk_ndp_mac(frame, target_end, length, ADK_NDP_SOURCE_MAC);
        case ADK_NDP_NEIGHBOUR_ADVERTISEMENT:
            if (length < target_end)
            {
                return NULL;
            }
            *address = adk_ipv6_of(frame + ADK_NDP_TARGET_OFFSET);
            return adk_ndp_mac(frame, target_end, length, ADK_NDP_TARGET_MAC);
        default:
            return NULL;
    }
}

#endif
