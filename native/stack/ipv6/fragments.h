/* IPv6 fragments (RFC 8200 §4.5), the counterpart of stack/fragments.h: docs/decisions/0022 and 0024. */
#ifndef ADK_STACK_IPV6_FRAGMENTS_H
#define ADK_STACK_IPV6_FRAGMENTS_H

#include "stack/ipv6/destination.h"
#include "stack/fragments.h"

/* Bytes of the datagram in one fragment: a multiple of eight. */
static inline uint16_t adk_fragment6_room(const adk_port_t *port)
{
    const uint32_t headers = (uint32_t)(sizeof(struct rte_ipv6_hdr) + sizeof(struct rte_ipv6_fragment_ext));
    return (uint16_t)RTE_ALIGN_FLOOR(port->mtu - headers, 8);
}

/* As adk_fragments_longest(). */
static inline uint32_t adk_fragments6_longest(const adk_stack_t *stack)
{
    return adk_fragments_longest_of(stack, ADK_IPV6_UDP_HEADER_LENGTH, adk_fragment6_room(&stack->port));
}

/* The number of frames a payload is sent in. */
static inline uint16_t adk_fragments6_of(const adk_port_t *port, size_t payload_length)
{
    const size_t datagram_length = sizeof(struct rte_udp_hdr) + payload_length;
    const size_t room = adk_fragment6_room(port);
    const bool is_whole = sizeof(struct rte_ipv6_hdr) + datagram_length <= port->mtu;
    return (uint16_t)(is_whole ? 1 : (datagram_length + room - 1) / room);
}

/* Fills count == adk_fragments6_of() > 1 mbufs, just taken from the pool, with the frames of one payload. */
void adk_fragments6_cut(
    const adk_port_t *port,
    const adk_destination6_t *destination,
    struct rte_mbuf **frames,
    uint16_t count,
    const struct iovec *payload);

/* Takes a frame with a fragment that adk_parse_frame6() has otherwise found valid; see adk_fragments_join(). */
struct rte_mbuf *adk_fragments6_join(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf);

#endif
