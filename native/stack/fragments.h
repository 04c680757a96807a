/*
 * IPv4 fragments (RFC 791 §3.2), for datagrams that do not fit the link: reassembled by rte_ip_frag on the way in, cut
 * here on the way out. Off the plain path in both directions: docs/decisions/0022.
 */
#ifndef ADK_STACK_FRAGMENTS_H
#define ADK_STACK_FRAGMENTS_H

#include <sys/uio.h>

#include <rte_ip_frag.h>

#include "stack/destination.h"

typedef struct adk_fragments_stct
{
    struct rte_ip_frag_tbl *table;    /* for both families */
    struct rte_ip_frag_death_row dead;
    uint16_t next_id;                 /* unique to the lane: its lowest bit is the role */
} adk_fragments_t;

/* For one lane that Aeron sends from. NULL with the error set. */
adk_fragments_t *adk_fragments_open(enum adk_role_en role, int socket_id);
void adk_fragments_close(adk_fragments_t *fragments);

/* Bytes of the datagram in one fragment: a multiple of eight, because the offset field counts in eights. */
static inline uint16_t adk_fragment_room(const adk_port_t *port)
{
    return (uint16_t)RTE_ALIGN_FLOOR(port->mtu - (uint32_t)sizeof(struct rte_ipv4_hdr), 8);
}

/*
 * The longest UDP payload that can be sent: in one frame, or in ADK_FRAGMENTS_MAX fragments of room bytes if fragments
 * are on.
 * header_length: IP and UDP headers together.
 */
static inline uint32_t adk_fragments_longest_of(const adk_stack_t *stack, uint32_t header_length, uint16_t room)
{
    const uint32_t whole = (uint32_t)stack->port.mtu - header_length;
    const uint32_t cut = ADK_FRAGMENTS_MAX * (uint32_t)room - (uint32_t)sizeof(struct rte_udp_hdr);
    const uint32_t limit = UINT16_MAX - header_length;
    return NULL == stack->fragments[ADK_ROLE_SENDER] ? whole : RTE_MIN(RTE_MAX(whole, cut), limit);
}

static inline uint32_t adk_fragments_longest(const adk_stack_t *stack)
{
    return adk_fragments_longest_of(stack, ADK_IPV4_UDP_HEADER_LENGTH, adk_fragment_room(&stack->port));
}

/* The number of frames a payload is sent in. */
static inline uint16_t adk_fragments_of(const adk_port_t *port, size_t payload_length)
{
    const size_t datagram_length = sizeof(struct rte_udp_hdr) + payload_length;
    const size_t room = adk_fragment_room(port);
    const bool is_whole = sizeof(struct rte_ipv4_hdr) + datagram_length <= port->mtu;
    return (uint16_t)(is_whole ? 1 : (datagram_length + room - 1) / room);
}

/* Fills count == adk_fragments_of() mbufs, just taken from the pool, with the frames of one payload. */
void adk_fragments_cut(
    const adk_stack_t *stack,
    const adk_lane_t *lane,
    const adk_destination_t *destination,
    struct rte_mbuf **frames,
    uint16_t count,
    const struct iovec *payload);

/*
 * Takes a frame with a fragment that adk_parse_frame() has otherwise found valid. Returns the whole datagram's frame,
 * with an invalid IPv4 checksum, if this was the last fragment missing; else NULL.
 */
struct rte_mbuf *adk_fragments_join(const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf);

/* Counts the fragments that the table discarded when it was given mbuf, and whole unless that is NULL. */
void adk_fragments_account(
    adk_fragments_t *fragments, adk_lane_t *lane, const struct rte_mbuf *mbuf, const struct rte_mbuf *whole);

#endif
