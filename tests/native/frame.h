/*
 * Frames as a peer would send them, and a slow checksum of our own (RFC 1071 §1, byte by byte) to fill in and check.
 * frame_of() makes a valid one; a test changes it at an offset and computes the checksums again.
 */
#ifndef ADK_TESTS_FRAME_H
#define ADK_TESTS_FRAME_H

#include <stdint.h>
#include <string.h>

#define LOCAL_IPV4 (0x0a000005u)
#define PEER_IPV4 (0x0a000009u)
#define GATEWAY_IPV4 (0x0a000001u)
#define LOCAL_PORT (40123)
#define PEER_PORT (50000)

static const uint8_t LOCAL_MAC[6] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x05 };
static const uint8_t PEER_MAC[6] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x09 };

/* Offsets in a frame without IPv4 options. */
enum frame_offset_en
{
    AT_DESTINATION_MAC = 0,
    AT_SOURCE_MAC = 6,
    AT_ETHERTYPE = 12,
    AT_VERSION_IHL = 14,
    AT_TOTAL_LENGTH = 16,
    AT_FRAGMENT = 20,
    AT_PROTOCOL = 23,
    AT_IPV4_CHECKSUM = 24,
    AT_SOURCE_IPV4 = 26,
    AT_DESTINATION_IPV4 = 30,
    AT_SOURCE_PORT = 34,
    AT_DESTINATION_PORT = 36,
    AT_UDP_LENGTH = 38,
    AT_UDP_CHECKSUM = 40,
    AT_PAYLOAD = 42
};

typedef struct frame_stct
{
    uint32_t length;
    _Alignas(8) uint8_t bytes[9216];
} frame_t;

static inline uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline void put16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static inline void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes + 2, value & 0xffff);
}

static inline uint64_t slow_sum(const uint8_t *bytes, uint32_t length)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
    {
        sum += (uint64_t)bytes[i] << (0 == i % 2 ? 8 : 0);
    }
    return sum;
}

static inline uint16_t slow_checksum(uint64_t sum)
{
    while (sum > 0xffff)
    {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static inline uint32_t ipv4_header_length(const uint8_t *frame)
{
    return 4u * (frame[AT_VERSION_IHL] & 15u);
}

static inline uint16_t slow_ipv4_checksum(const uint8_t *frame)
{
    const uint8_t *ipv4 = frame + AT_VERSION_IHL;
    return slow_checksum(slow_sum(ipv4, ipv4_header_length(frame)) - get16(frame + AT_IPV4_CHECKSUM));
}

/* As RFC 768 requires: never zero. */
static inline uint16_t slow_udp_checksum(const uint8_t *frame)
{
    const uint8_t *udp = frame + AT_VERSION_IHL + ipv4_header_length(frame);
    const uint16_t length = get16(udp + 4);
    const uint64_t pseudo_header = slow_sum(frame + AT_SOURCE_IPV4, 8) + 17 + length;
    const uint16_t checksum = slow_checksum(pseudo_header + slow_sum(udp, length) - get16(udp + 6));
    return 0 == checksum ? 0xffff : checksum;
}

static inline void seal_ipv4(frame_t *frame)
{
    put16(frame->bytes + AT_IPV4_CHECKSUM, slow_ipv4_checksum(frame->bytes));
}

static inline void seal(frame_t *frame)
{
    seal_ipv4(frame);
    uint8_t *udp = frame->bytes + AT_VERSION_IHL + ipv4_header_length(frame->bytes);
    put16(udp + 6, slow_udp_checksum(frame->bytes));
}

static inline uint8_t payload_byte(uint32_t index)
{
    return (uint8_t)(index * 167 + (index >> 8) + 1);
}

/* A valid datagram from PEER to LOCAL, with options_length bytes of IPv4 options (no-operation, RFC 791 §3.1). */
static inline frame_t frame_with_options(uint32_t payload_length, uint32_t options_length)
{
    frame_t frame = { .length = AT_PAYLOAD + options_length + payload_length };
    uint8_t *bytes = frame.bytes;
    uint8_t *udp = bytes + AT_SOURCE_PORT + options_length;

    memcpy(bytes + AT_DESTINATION_MAC, LOCAL_MAC, 6);
    memcpy(bytes + AT_SOURCE_MAC, PEER_MAC, 6);
    put16(bytes + AT_ETHERTYPE, 0x0800);
    bytes[AT_VERSION_IHL] = (uint8_t)(0x45 + options_length / 4);
    put16(bytes + AT_TOTAL_LENGTH, frame.length - AT_VERSION_IHL);
    bytes[22] = 64;
    bytes[AT_PROTOCOL] = 17;
    put32(bytes + AT_SOURCE_IPV4, PEER_IPV4);
    put32(bytes + AT_DESTINATION_IPV4, LOCAL_IPV4);
    memset(bytes + AT_SOURCE_PORT, 1, options_length);
    put16(udp, PEER_PORT);
    put16(udp + 2, LOCAL_PORT);
    put16(udp + 4, 8 + payload_length);
    for (uint32_t i = 0; i < payload_length; i++)
    {
        udp[8 + i] = payload_byte(i);
    }
    seal(&frame);
    return frame;
}

static inline frame_t frame_of(uint32_t payload_length)
{
    return frame_with_options(payload_length, 0);
}

#define TAG_LENGTH (4)

/* The frame with the tag of IEEE 802.1Q behind the MACs. */
static inline frame_t tagged(const frame_t *frame, uint16_t tag)
{
    frame_t made = { .length = frame->length + TAG_LENGTH };
    memcpy(made.bytes, frame->bytes, AT_ETHERTYPE);
    put16(made.bytes + AT_ETHERTYPE, 0x8100);
    put16(made.bytes + AT_ETHERTYPE + 2, tag);
    memcpy(made.bytes + AT_ETHERTYPE + TAG_LENGTH, frame->bytes + AT_ETHERTYPE, frame->length - AT_ETHERTYPE);
    return made;
}

static inline frame_t arp_request(void)
{
    frame_t frame = { .length = 42 };
    static const uint8_t fixed[] = { 0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01 };

    memset(frame.bytes, 0xff, 6);
    memcpy(frame.bytes + AT_SOURCE_MAC, PEER_MAC, 6);
    memcpy(frame.bytes + AT_ETHERTYPE, fixed, sizeof(fixed));
    memcpy(frame.bytes + 22, PEER_MAC, 6);
    put32(frame.bytes + 28, PEER_IPV4);
    put32(frame.bytes + 38, LOCAL_IPV4);
    return frame;
}

#endif
