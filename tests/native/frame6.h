/* IPv6 frames as a peer would send them; see frame.h. */
#ifndef ADK_TESTS_FRAME6_H
#define ADK_TESTS_FRAME6_H

#include "frame.h"
#include "wire/ipv6/address.h"

/* Offsets in a frame without extension headers. */
enum frame6_offset_en
{
    AT_VERSION6 = 14,
    AT_PAYLOAD_LENGTH6 = 18,
    AT_NEXT_HEADER6 = 20,
    AT_HOP_LIMIT6 = 21,
    AT_SOURCE6 = 22,
    AT_DESTINATION6 = 38,
    AT_UDP6 = 54,
    AT_PAYLOAD6 = 62
};

/* 2001:db8::5 and so on, from the documentation prefix (RFC 3849). */
static const uint8_t LOCAL_IPV6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 5 };
static const uint8_t PEER_IPV6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 };
static const uint8_t GATEWAY_IPV6[16] = { 0xfe, 0x80, [15] = 1 };
static const uint8_t LINK_LOCAL_IPV6[16] = { 0xfe, 0x80, [15] = 5 };
static const uint8_t PEER_LINK_LOCAL_IPV6[16] = { 0xfe, 0x80, [15] = 9 };
static const uint8_t FAR_IPV6[16] = { 0x20, 0x01, 0x0d, 0xb9, [15] = 9 };
static const uint8_t GROUP_IPV6[16] = { 0xff, 0x15, [15] = 0x21 };

static inline uint16_t slow_udp6_checksum(const uint8_t *frame, uint32_t udp_offset)
{
    const uint8_t *udp = frame + udp_offset;
    const uint16_t length = get16(udp + 4);
    const uint16_t checksum = slow_checksum(
        slow_sum(frame + AT_SOURCE6, 32) + 17 + length + slow_sum(udp, length) - get16(udp + 6));
    return 0 == checksum ? 0xffff : checksum;
}

static inline void seal6_at(frame_t *frame, uint32_t udp_offset)
{
    put16(frame->bytes + udp_offset + 6, slow_udp6_checksum(frame->bytes, udp_offset));
}

static inline void seal6(frame_t *frame)
{
    seal6_at(frame, AT_UDP6);
}

/* IPv6 headers from PEER to LOCAL, followed by length zero bytes. */
static inline frame_t frame6_around(uint8_t next_header, uint32_t length)
{
    frame_t frame = { .length = AT_UDP6 + length };
    uint8_t *bytes = frame.bytes;

    memcpy(bytes + AT_DESTINATION_MAC, LOCAL_MAC, 6);
    memcpy(bytes + AT_SOURCE_MAC, PEER_MAC, 6);
    put16(bytes + AT_ETHERTYPE, 0x86dd);
    bytes[AT_VERSION6] = 0x60;
    put16(bytes + AT_PAYLOAD_LENGTH6, length);
    bytes[AT_NEXT_HEADER6] = next_header;
    bytes[AT_HOP_LIMIT6] = 64;
    memcpy(bytes + AT_SOURCE6, PEER_IPV6, 16);
    memcpy(bytes + AT_DESTINATION6, LOCAL_IPV6, 16);
    return frame;
}

static inline void put_udp6(frame_t *frame, uint32_t udp_offset, uint32_t payload_length)
{
    uint8_t *udp = frame->bytes + udp_offset;
    put16(udp, PEER_PORT);
    put16(udp + 2, LOCAL_PORT);
    put16(udp + 4, 8 + payload_length);
    for (uint32_t i = 0; i < payload_length; i++)
    {
        udp[8 + i] = payload_byte(i);
    }
    seal6_at(frame, udp_offset);
}

/* A valid datagram from PEER to LOCAL. */
static inline frame_t frame6_of(uint32_t payload_length)
{
    frame_t frame = frame6_around(17, 8 + payload_length);
    put_udp6(&frame, AT_UDP6, payload_length);
    return frame;
}

/* The same behind an extension header of length bytes, which the caller fills in from its third byte on. */
static inline frame_t frame6_behind(uint8_t extension, uint32_t length, uint32_t payload_length)
{
    frame_t frame = frame6_around(extension, length + 8 + payload_length);
    frame.bytes[AT_UDP6] = 17;
    frame.bytes[AT_UDP6 + 1] = (uint8_t)(length / 8 - 1);
    put_udp6(&frame, AT_UDP6 + length, payload_length);
    return frame;
}

static inline void to_group6(frame_t *frame, const uint8_t *group)
{
    memcpy(frame->bytes + AT_DESTINATION6, group, 16);
    adk_ipv6_group_mac(adk_ipv6_of(group), frame->bytes);
}

#endif
