/*
 * Checks that any bytes after an IPv6 Ethernet header have the same verdict by adk_parse_frame6() as by the shortcut
 * for plain frames, and gives them to neighbour discovery. Whether the verdict is right for a datagram without
 * extension headers is computed here independently. With extension headers, the payload of a delivered datagram must
 * be within the packet, and its checksum right.
 *
 * Input: one byte of choices (see choice_en), then the frame.
 */
#include <stdlib.h>

#include "../native/frame6.h"
#include "target.h"
#include "wire/ipv6/plain.h"

enum choice_en
{
    UDP_CHECKSUM_VOUCHED = 1,
    LOCAL_FROM_FRAME = 2
};

static void locals_of(adk_locals6_t *locals, uint8_t choices, const uint8_t *frame, uint32_t length)
{
    const bool is_chosen = length >= AT_UDP6 &&
        (choices & LOCAL_FROM_FRAME) &&
        0 == (frame[0] & 1) &&
        0xff != frame[AT_DESTINATION6];
    const adk_ipv6_t address = adk_ipv6_of(is_chosen ? frame + AT_DESTINATION6 : LOCAL_IPV6);

    memset(locals, 0, sizeof(*locals));
    memcpy(locals->mac, is_chosen ? frame : LOCAL_MAC, 6);
    locals->length = 1;
    locals->slots[0].words[0] = address.words[0];
    locals->slots[0].words[1] = address.words[1];
    locals->slots[0].state = ADK_LOCAL6_USABLE;
}

static bool is_to_us(const adk_locals6_t *locals, const uint8_t *frame)
{
    const adk_ipv6_t own = adk_local6_address(&locals->slots[0]);
    if (0x3333 == get16(frame))
    {
        return 0xff == frame[AT_DESTINATION6] && 0 == memcmp(frame + 2, frame + AT_DESTINATION6 + 12, 4);
    }
    return 0 == memcmp(frame, locals->mac, 6) && 0 == memcmp(frame + AT_DESTINATION6, &own, 16);
}

static bool is_from_a_host(const adk_locals6_t *locals, const uint8_t *frame)
{
    static const uint8_t nobody[16], loopback[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, 0xff };
    const uint8_t *source = frame + AT_SOURCE6;
    const adk_ipv6_t own = adk_local6_address(&locals->slots[0]);
    return 0xff != source[0] &&
        0 != memcmp(source, nobody, 16) &&
        0 != memcmp(source, loopback, 16) &&
        0 != memcmp(source, mapped, 12) &&
        0 != memcmp(source, &own, 16);
}

static bool is_udp_good(const uint8_t *frame, uint32_t udp_offset, uint32_t room, uint8_t choices)
{
    const uint8_t *udp = frame + udp_offset;
    return room >= 8 &&
        get16(udp + 4) >= 8 &&
        get16(udp + 4) <= room &&
        0 != get16(udp + 6) &&
        ((choices & UDP_CHECKSUM_VOUCHED) ||
         0 == slow_checksum(slow_sum(frame + AT_SOURCE6, 32) + 17 + get16(udp + 4) + slow_sum(udp, get16(udp + 4))));
}

/* Without extension headers. */
static bool is_datagram(const adk_locals6_t *locals, const uint8_t *frame, uint32_t length, uint8_t choices)
{
    return length >= AT_UDP6 &&
        6 == frame[AT_VERSION6] >> 4 &&
        AT_UDP6 + (uint32_t)get16(frame + AT_PAYLOAD_LENGTH6) <= length &&
        is_to_us(locals, frame) &&
        is_from_a_host(locals, frame) &&
        17 == frame[AT_NEXT_HEADER6] &&
        is_udp_good(frame, AT_UDP6, get16(frame + AT_PAYLOAD_LENGTH6), choices);
}

static void check_taken(
    const adk_locals6_t *locals, const uint8_t *frame, uint32_t length, uint8_t choices, const adk_datagram_t *datagram)
{
    const uint32_t udp_offset = datagram->payload_offset - 8u;
    const uint32_t end = AT_UDP6 + (uint32_t)get16(frame + AT_PAYLOAD_LENGTH6);

    REQUIRE(udp_offset >= AT_UDP6 && 0 == (udp_offset - AT_UDP6) % 8);
    REQUIRE(end <= length && udp_offset + 8 + datagram->payload_length <= end);
    REQUIRE(is_to_us(locals, frame) && is_from_a_host(locals, frame));
    REQUIRE(datagram->payload_length + 8 == get16(frame + udp_offset + 4));
    REQUIRE(is_udp_good(frame, udp_offset, end - udp_offset, choices));
}

static bool is_verdict(int verdict)
{
    return ADK_VERDICT_DATAGRAM == verdict ||
        ADK_VERDICT_CONTROL == verdict ||
        ADK_VERDICT_GROUP == verdict ||
        (verdict >= ADK_COUNT_RX_TRUNCATED && verdict <= ADK_COUNT_RX_UDP_CHECKSUM);
}

static void check_plain(
    const adk_locals6_t *locals,
    const uint8_t *frame,
    uint32_t length,
    uint8_t choices,
    int verdict,
    const adk_datagram_t *expected)
{
    uint32_t payload_length;
    if (!adk_is_plain6(locals, frame, length, 0 != (choices & UDP_CHECKSUM_VOUCHED), &payload_length))
    {
        return;
    }
    REQUIRE(ADK_VERDICT_DATAGRAM == verdict || ADK_COUNT_RX_MARTIAN_SOURCE == verdict);
    if (ADK_VERDICT_DATAGRAM == verdict)
    {
        REQUIRE(AT_PAYLOAD6 == expected->payload_offset);
        REQUIRE(payload_length == expected->payload_length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 + AT_VERSION6 || size - 1 > UINT16_MAX)
    {
        return 0;
    }

    const uint32_t length = (uint32_t)(size - 1);
    adk_locals6_t locals;
    adk_datagram_t datagram;
    adk_ipv6_t address;
    uint8_t *frame = malloc(length);
    memcpy(frame, data + 1, length);
    put16(frame + AT_ETHERTYPE, 0x86dd);

    locals_of(&locals, data[0], frame, length);
    const bool is_vouched = 0 != (data[0] & UDP_CHECKSUM_VOUCHED);
    const int verdict = adk_parse_frame6(&locals, frame, length, is_vouched, &datagram);
    REQUIRE(is_verdict(verdict));
    const bool is_taken = ADK_VERDICT_DATAGRAM == verdict || ADK_VERDICT_GROUP == verdict;
    REQUIRE(is_taken || !is_datagram(&locals, frame, length, data[0]));
    REQUIRE(!is_taken || (ADK_VERDICT_GROUP == verdict) == (0x3333 == get16(frame)));
    if (is_taken)
    {
        check_taken(&locals, frame, length, data[0], &datagram);
    }
    check_plain(&locals, frame, length, data[0], verdict, &datagram);
    const uint8_t *mac = adk_ndp_claim(frame, length, &address);
    REQUIRE(NULL == mac || (mac >= frame && mac + 6 <= frame + length));
    free(frame);
    return 0;
}
