/*
 * Checks that any bytes have the same verdict by adk_parse_frame() on contiguous bytes as by adk_rx_bytes() and
 * adk_rx_verdict() on a chain of segments. Whether it is right for a datagram is computed here independently, byte by
 * byte and with the tests' own checksum.
 *
 * Input: one byte of choices (see choice_en), one byte for the length of the segments, then the frame.
 */
#include <stdlib.h>

#include "../native/frame.h"
#include "stack/rx.h"
#include "target.h"

enum choice_en
{
    IPV4_CHECKSUM_VOUCHED = 1,
    UDP_CHECKSUM_VOUCHED = 2,
    LOCAL_MAC_FROM_FRAME = 4,
    LOCAL_IPV4_FROM_FRAME = 8
};

#define CHOICES (2)
#define SEGMENTS_MAX (64)

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static adk_address_t local_of(uint8_t choices, const uint8_t *frame, uint32_t length)
{
    adk_address_t local = { .ipv4_be = RTE_BE32(LOCAL_IPV4) };
    const bool has_header = length >= AT_SOURCE_PORT;
    /* A port's own MAC is never a group's. */
    const bool is_chosen = has_header && (choices & LOCAL_MAC_FROM_FRAME) && 0 == (frame[0] & 1);
    memcpy(local.mac, is_chosen ? frame : LOCAL_MAC, 6);
    if (has_header && (choices & LOCAL_IPV4_FROM_FRAME))
    {
        local.ipv4_be = rte_cpu_to_be_32(get32(frame + AT_DESTINATION_IPV4));
    }
    return local;
}

/* RFC 1112 §6.4: 01:00:5e, a zero bit, and the group's low 23 bits. */
static bool is_to_group_mac(const uint8_t *frame)
{
    return 0x0100 == get16(frame) && 0x5e == frame[2] && frame[3] < 0x80;
}

static bool has_ipv4_header(const adk_address_t *local, const uint8_t *frame, uint32_t length, uint8_t choices)
{
    if (length < AT_SOURCE_PORT ||
        (0 != memcmp(frame, local->mac, 6) && !is_to_group_mac(frame)) ||
        0x0800 != get16(frame + AT_ETHERTYPE) ||
        4 != frame[AT_VERSION_IHL] >> 4 ||
        ipv4_header_length(frame) < 20)
    {
        return false;
    }
    const uint32_t total_length = get16(frame + AT_TOTAL_LENGTH);
    /* The checksum over the header, with its own field taken as zero, is what the field holds. */
    return total_length >= ipv4_header_length(frame) &&
        total_length + 14 <= length &&
        ((choices & IPV4_CHECKSUM_VOUCHED) || 0 == slow_checksum(slow_sum(frame + 14, ipv4_header_length(frame))));
}

static bool is_from_a_host_to_us(const adk_address_t *local, const uint8_t *frame)
{
    const uint32_t source = get32(frame + AT_SOURCE_IPV4);
    const uint8_t network = frame[AT_SOURCE_IPV4];
    const uint32_t destination = rte_be_to_cpu_32(local->ipv4_be);
    const uint32_t group = get32(frame + AT_DESTINATION_IPV4);
    const bool is_to_us = is_to_group_mac(frame)
        ? group >= 0xe0000000 && group < 0xf0000000 && (group & 0x7fffff) == (get32(frame + 2) & 0x7fffff)
        : group == destination;
    return is_to_us && source != destination && 0 != network && 127 != network && network < 224;
}

static bool is_datagram(const adk_address_t *local, const uint8_t *frame, uint32_t length, uint8_t choices)
{
    if (!has_ipv4_header(local, frame, length, choices) ||
        !is_from_a_host_to_us(local, frame) ||
        17 != frame[AT_PROTOCOL] ||
        0 != (get16(frame + AT_FRAGMENT) & 0x3fff))
    {
        return false;
    }
    const uint8_t *udp = frame + 14 + ipv4_header_length(frame);
    const uint32_t room = get16(frame + AT_TOTAL_LENGTH) - ipv4_header_length(frame);
    if (room < 8 || get16(udp + 4) < 8 || get16(udp + 4) > room)
    {
        return false;
    }
    const uint64_t pseudo_header = slow_sum(frame + AT_SOURCE_IPV4, 8) + 17 + get16(udp + 4);
    return 0 == get16(udp + 6) ||
        (choices & UDP_CHECKSUM_VOUCHED) ||
        0 == slow_checksum(pseudo_header + slow_sum(udp, get16(udp + 4)));
}

static void check_datagram(const adk_datagram_t *datagram, const uint8_t *frame, uint32_t length)
{
    const uint32_t udp_offset = 14 + ipv4_header_length(frame);
    const uint8_t *udp = frame + udp_offset;

    REQUIRE(datagram->payload_offset == udp_offset + 8);
    REQUIRE(datagram->payload_length == get16(udp + 4) - 8);
    REQUIRE((uint32_t)datagram->payload_offset + datagram->payload_length <= length);
}

static bool is_verdict(int verdict)
{
    return ADK_VERDICT_DATAGRAM == verdict ||
        ADK_VERDICT_CONTROL == verdict ||
        ADK_VERDICT_GROUP == verdict ||
        (verdict >= ADK_COUNT_RX_TRUNCATED && verdict <= ADK_COUNT_RX_UDP_CHECKSUM);
}

typedef struct chain_stct
{
    struct rte_mbuf segments[SEGMENTS_MAX];
} chain_t;

/* As from a device, with each segment in its own memory of exactly its length, without headroom. */
static void chain_open(chain_t *chain, const uint8_t *frame, uint32_t length, uint32_t segment_length)
{
    uint32_t offset = 0;
    uint16_t count = 0;

    memset(chain, 0, sizeof(*chain));
    do
    {
        struct rte_mbuf *segment = &chain->segments[count];
        const uint32_t rest = length - offset;
        const bool is_last = SEGMENTS_MAX == count + 1 || 0 == segment_length || rest <= segment_length;
        segment->data_len = (uint16_t)(is_last ? rest : segment_length);
        segment->buf_addr = malloc(segment->data_len);
        if (segment->data_len > 0)
        {
            memcpy(segment->buf_addr, frame + offset, segment->data_len);
        }
        if (count > 0)
        {
            chain->segments[count - 1].next = segment;
        }
        offset += segment->data_len;
        count++;
    } while (offset < length);
    chain->segments[0].nb_segs = count;
    chain->segments[0].pkt_len = length;
}

static void chain_close(chain_t *chain)
{
    for (int i = 0; i < chain->segments[0].nb_segs; i++)
    {
        free(chain->segments[i].buf_addr);
    }
}

static void check_chain(
    const adk_address_t *local,
    const uint8_t *data,
    uint32_t length,
    int expected_verdict,
    const adk_datagram_t *expected)
{
    static uint8_t linear[ADK_LINEAR_LENGTH] __attribute__((aligned(64)));
    static chain_t chain;
    adk_stack_t stack = { .local = *local, .linear[ADK_ROLE_RECEIVER] = linear };
    static adk_lane_t lane = { .role = ADK_ROLE_RECEIVER };
    adk_datagram_t datagram;

    chain_open(&chain, data + CHOICES, length, data[1]);
    chain.segments[0].ol_flags = ((data[0] & IPV4_CHECKSUM_VOUCHED) ? RTE_MBUF_F_RX_IP_CKSUM_GOOD : 0) |
        ((data[0] & UDP_CHECKSUM_VOUCHED) ? RTE_MBUF_F_RX_L4_CKSUM_GOOD : 0);
    const uint8_t *bytes = adk_rx_bytes(&stack, &lane, &chain.segments[0]);
    REQUIRE(expected_verdict == adk_rx_verdict(&stack, &chain.segments[0], bytes, &datagram));
    REQUIRE(0 == length || 0 == memcmp(bytes, data + CHOICES, length));
    if (ADK_VERDICT_DATAGRAM == expected_verdict)
    {
        REQUIRE(datagram.payload_offset == expected->payload_offset);
        REQUIRE(datagram.payload_length == expected->payload_length);
    }
    chain_close(&chain);
}

/* After its tag is removed, of VLAN 7 or another, a frame has the same verdict as one that came without. */
static void check_tag(const adk_address_t *local, const uint8_t *data, uint32_t length)
{
    static uint8_t linear[ADK_LINEAR_LENGTH] __attribute__((aligned(64)));
    static chain_t chain;
    static adk_lane_t lane = { .role = ADK_ROLE_RECEIVER };
    const uint8_t *frame = data + CHOICES;
    adk_stack_t stack = { .local = *local, .linear[ADK_ROLE_RECEIVER] = linear, .port.vlan_tci = 7 };
    struct rte_mbuf *mbuf = &chain.segments[0];
    adk_datagram_t expected = { 0 };
    adk_datagram_t datagram = { 0 };

    chain_open(&chain, frame, length, data[1]);
    void *const memory = mbuf->buf_addr;
    const bool is_tagged = mbuf->data_len >= 18 && 0x8100 == get16(frame + AT_ETHERTYPE);
    REQUIRE(is_tagged == adk_vlan_take_off(mbuf));
    REQUIRE(adk_vlan_is_ours(&stack.port, mbuf) == (is_tagged && 7 == (get16(frame + 14) & 0xfff)));
    if (is_tagged)
    {
        uint8_t *untagged = malloc(length - 4);
        memcpy(untagged, frame, AT_ETHERTYPE);
        memcpy(untagged + AT_ETHERTYPE, frame + AT_ETHERTYPE + 4, length - 4 - AT_ETHERTYPE);
        const uint8_t *bytes = adk_rx_bytes(&stack, &lane, mbuf);
        REQUIRE(length - 4 == mbuf->pkt_len);
        REQUIRE(0 == memcmp(bytes, untagged, length - 4));
        REQUIRE(
            adk_parse_frame(local, untagged, length - 4, false, false, &expected) ==
            adk_rx_verdict(&stack, mbuf, bytes, &datagram));
        REQUIRE(expected.payload_offset == datagram.payload_offset);
        REQUIRE(!adk_vlan_take_off(mbuf));
        free(untagged);
    }
    REQUIRE(memory == mbuf->buf_addr);
    chain_close(&chain);
}

/* What is recognised as plain has the same result from the full verdict, which also checks the source. */
static void check_plain(
    const adk_address_t *local,
    const uint8_t *frame,
    uint32_t length,
    uint8_t choices,
    int expected_verdict,
    const adk_datagram_t *expected)
{
    uint32_t payload_length;
    if (!adk_is_plain(local, frame, length, &payload_length) ||
        !adk_plain_is_intact(frame, 0 != (choices & IPV4_CHECKSUM_VOUCHED), 0 != (choices & UDP_CHECKSUM_VOUCHED)))
    {
        return;
    }
    REQUIRE(ADK_VERDICT_DATAGRAM == expected_verdict || ADK_COUNT_RX_MARTIAN_SOURCE == expected_verdict);
    if (ADK_VERDICT_DATAGRAM == expected_verdict)
    {
        REQUIRE(sizeof(adk_header_t) == expected->payload_offset);
        REQUIRE(payload_length == expected->payload_length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* No device delivers more: the lengths of an mbuf have 16 bits. */
    if (size < CHOICES || size - CHOICES > UINT16_MAX)
    {
        return 0;
    }

    const uint32_t length = (uint32_t)(size - CHOICES);
    const adk_address_t local = local_of(data[0], data + CHOICES, length);
    adk_datagram_t datagram;
    uint8_t *frame = malloc(length);
    memcpy(frame, data + CHOICES, length);

    const int verdict = adk_parse_frame(
        &local,
        frame,
        length,
        0 != (data[0] & IPV4_CHECKSUM_VOUCHED),
        0 != (data[0] & UDP_CHECKSUM_VOUCHED),
        &datagram);
    REQUIRE(is_verdict(verdict));
    REQUIRE(0 == length || 0 == memcmp(frame, data + CHOICES, length));
    const bool is_taken = ADK_VERDICT_DATAGRAM == verdict || ADK_VERDICT_GROUP == verdict;
    REQUIRE(is_taken == is_datagram(&local, frame, length, data[0]));
    REQUIRE(!is_taken || (ADK_VERDICT_GROUP == verdict) == is_to_group_mac(frame));
    if (is_taken)
    {
        check_datagram(&datagram, frame, length);
    }
    check_plain(&local, frame, length, data[0], verdict, &datagram);
    free(frame);
    check_chain(&local, data, length, verdict, &datagram);
    check_tag(&local, data, length);
    return 0;
}
