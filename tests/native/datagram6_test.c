/* The verdict on a received IPv6 frame, and that the short check agrees with the long one. */
#include "frame6.h"
#include "suite.h"
#include "wire/ipv6/plain.h"

static adk_locals6_t locals;
static adk_datagram_t datagram;

static void add_local(int slot, const uint8_t *address, uint32_t state)
{
    const adk_ipv6_t ipv6 = adk_ipv6_of(address);
    locals.slots[slot].words[0] = ipv6.words[0];
    locals.slots[slot].words[1] = ipv6.words[1];
    locals.slots[slot].state = state;
    locals.length = (uint32_t)slot + 1;
}

static int verdict_with(const frame_t *frame, bool is_checksum_good)
{
    memset(&locals, 0, sizeof(locals));
    memcpy(locals.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
    add_local(0, LINK_LOCAL_IPV6, ADK_LOCAL6_USABLE);
    add_local(1, LOCAL_IPV6, ADK_LOCAL6_USABLE);
    add_local(2, FAR_IPV6, ADK_LOCAL6_TENTATIVE);
    memset(&datagram, 0, sizeof(datagram));
    const int verdict = adk_parse_frame6(&locals, frame->bytes, frame->length, is_checksum_good, &datagram);

    uint32_t payload_length = 0;
    if (adk_is_plain6(&locals, frame->bytes, frame->length, is_checksum_good, &payload_length))
    {
        CHECK_EQUAL(AT_PAYLOAD6, ADK_VERDICT_DATAGRAM == verdict ? datagram.payload_offset : AT_PAYLOAD6);
        CHECK(ADK_VERDICT_DATAGRAM == verdict || ADK_COUNT_RX_MARTIAN_SOURCE == verdict);
    }
    return verdict;
}

static int verdict_of(const frame_t *frame)
{
    return verdict_with(frame, false);
}

TEST(a_whole_datagram_is_found_with_its_payload_whatever_its_length)
{
    for (uint32_t length = 0; length <= 1452; length += 121)
    {
        frame_t frame = frame6_of(length);
        uint32_t payload_length = 0;
        CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
        CHECK_EQUAL(AT_PAYLOAD6, datagram.payload_offset);
        CHECK_EQUAL(length, datagram.payload_length);
        CHECK(adk_is_plain6(&locals, frame.bytes, frame.length, false, &payload_length));
        CHECK_EQUAL(length, payload_length);
        frame.length += 4; /* Ethernet padding */
        CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
        CHECK_EQUAL(length, datagram.payload_length);
    }
}

TEST(a_frame_that_ends_anywhere_before_its_end_is_truncated)
{
    frame_t frame = frame6_of(20);
    for (uint32_t length = 14; length < AT_PAYLOAD6 + 20; length++)
    {
        frame.length = length;
        CHECK_EQUAL(ADK_COUNT_RX_TRUNCATED, verdict_of(&frame));
    }
}

TEST(another_version_or_another_mac_is_counted_as_that)
{
    frame_t frame = frame6_of(20);
    frame.bytes[AT_VERSION6] = 0x40;
    CHECK_EQUAL(ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));
    frame = frame6_of(20);
    frame.bytes[0] ^= 4;
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_MAC, verdict_of(&frame));
}

TEST(a_checksum_is_mandatory_and_zero_is_none_even_where_the_device_vouches)
{
    frame_t frame = frame6_of(33);
    put16(frame.bytes + AT_UDP6 + 6, 0);
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_of(&frame));
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_with(&frame, true));
    frame = frame6_of(33);
    frame.bytes[AT_PAYLOAD6 + 7] ^= 1;
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_of(&frame));
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_with(&frame, true));
    /* The pseudo header's address is still one of ours. */
    frame = frame6_of(33);
    memcpy(frame.bytes + AT_DESTINATION6, LINK_LOCAL_IPV6, 16);
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_of(&frame));
    seal6(&frame);
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
}

TEST(data_for_an_address_that_is_not_ours_or_not_yet_is_refused)
{
    frame_t frame = frame6_of(8);
    frame.bytes[AT_DESTINATION6 + 15] ^= 1;
    seal6(&frame);
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));
    memcpy(frame.bytes + AT_DESTINATION6, FAR_IPV6, 16);
    seal6(&frame);
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));
}

TEST(a_source_that_no_host_has_is_martian)
{
    static const uint8_t sources[][16] = {
        { 0 },
        { [15] = 1 },
        { 0xff, 0x02, [15] = 1 },
        { [10] = 0xff, 0xff, 10, 0, 0, 9 },
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
    {
        frame_t frame = frame6_of(8);
        memcpy(frame.bytes + AT_SOURCE6, sources[i], 16);
        seal6(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_MARTIAN_SOURCE, verdict_of(&frame));
    }
    frame_t frame = frame6_of(8);
    memcpy(frame.bytes + AT_SOURCE6, LINK_LOCAL_IPV6, 16);
    seal6(&frame);
    CHECK_EQUAL(ADK_COUNT_RX_MARTIAN_SOURCE, verdict_of(&frame));
}

TEST(extension_headers_that_may_be_skipped_are)
{
    static const uint8_t kinds[] = { 0, 60, 43 };
    for (size_t i = 0; i < sizeof(kinds); i++)
    {
        frame_t frame = frame6_behind(kinds[i], 16, 40);
        CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
        CHECK_EQUAL(AT_PAYLOAD6 + 16, datagram.payload_offset);
        CHECK_EQUAL(40, datagram.payload_length);
    }
    /* A lone fragment is a whole datagram (RFC 6946); its reserved bits have no meaning. */
    frame_t frame = frame6_behind(44, 8, 40);
    frame.bytes[AT_UDP6 + 1] = 0x77;
    frame.bytes[AT_UDP6 + 3] = 6;
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
}

TEST(options_and_routes_that_must_not_be_skipped_are_not)
{
    frame_t frame = frame6_behind(60, 8, 40);
    frame.bytes[AT_UDP6 + 2] = 0xc2; /* a jumbo payload: "discard" */
    CHECK_EQUAL(ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));
    frame.bytes[AT_UDP6 + 2] = 1;
    frame.bytes[AT_UDP6 + 3] = 5; /* one byte too long for its header */
    CHECK_EQUAL(ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));
    frame.bytes[AT_UDP6 + 3] = 4;
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
    frame = frame6_behind(43, 8, 40);
    frame.bytes[AT_UDP6 + 3] = 1; /* segments left */
    CHECK_EQUAL(ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));
}

TEST(a_hop_by_hop_header_comes_first_and_no_chain_is_walked_for_long)
{
    frame_t frame = frame6_around(60, 16 + 8 + 4);
    frame.bytes[AT_UDP6] = 0;
    frame.bytes[AT_UDP6 + 8] = 17;
    put_udp6(&frame, AT_UDP6 + 16, 4);
    CHECK_EQUAL(ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));

    for (uint32_t chain = 1; chain <= 10; chain++)
    {
        frame = frame6_around(60, 8 * chain + 8 + 4);
        for (uint32_t i = 0; i < chain; i++)
        {
            frame.bytes[AT_UDP6 + 8 * i] = i + 1 == chain ? 17 : 60;
        }
        put_udp6(&frame, AT_UDP6 + 8 * chain, 4);
        CHECK_EQUAL(chain < 8 ? ADK_VERDICT_DATAGRAM : ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));
    }
}

TEST(an_extension_header_beyond_the_packets_end_is_counted)
{
    frame_t frame = frame6_behind(60, 16, 40);
    frame.bytes[AT_UDP6 + 1] = 255;
    CHECK_EQUAL(ADK_COUNT_RX_IPV6_HEADER, verdict_of(&frame));
}

TEST(a_fragment_an_unknown_protocol_and_no_next_header_have_names)
{
    frame_t frame = frame6_behind(44, 8, 40);
    frame.bytes[AT_UDP6 + 3] = 1;
    CHECK_EQUAL(ADK_COUNT_RX_FRAGMENT, verdict_of(&frame));
    frame = frame6_around(6, 20);
    CHECK_EQUAL(ADK_COUNT_RX_PROTOCOL, verdict_of(&frame));
    frame = frame6_around(59, 0);
    CHECK_EQUAL(ADK_COUNT_RX_PROTOCOL, verdict_of(&frame));
}

TEST(a_udp_length_that_is_no_good_is_counted)
{
    static const uint16_t lengths[] = { 0, 7, 29, 0xffff };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
    {
        frame_t frame = frame6_of(20);
        put16(frame.bytes + AT_UDP6 + 4, lengths[i]);
        CHECK_EQUAL(ADK_COUNT_RX_UDP_HEADER, verdict_with(&frame, true));
    }
    frame_t frame = frame6_around(17, 7);
    CHECK_EQUAL(ADK_COUNT_RX_UDP_HEADER, verdict_of(&frame));
}

TEST(a_group_must_be_that_of_the_mac)
{
    frame_t frame = frame6_of(20);
    to_group6(&frame, GROUP_IPV6);
    seal6(&frame);
    CHECK_EQUAL(ADK_VERDICT_GROUP, verdict_of(&frame));
    frame.bytes[5] ^= 1;
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));
    /* One of our addresses in a multicast frame: what RFC 1122 §3.3.6 forbids in IPv4. */
    memcpy(frame.bytes + AT_DESTINATION6, LOCAL_IPV6, 16);
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));
}

static int icmpv6_verdict(uint8_t type, const uint8_t *source, const uint8_t *destination)
{
    frame_t frame = frame6_around(58, 24);
    frame.bytes[AT_UDP6] = type;
    if (0xff == destination[0])
    {
        to_group6(&frame, destination);
    }
    memcpy(frame.bytes + AT_DESTINATION6, destination, 16);
    memcpy(frame.bytes + AT_SOURCE6, source, 16);
    return verdict_of(&frame);
}

TEST(icmpv6_that_is_for_us_goes_to_the_control_plane)
{
    static const uint8_t nobody[16] = { 0 };
    static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
    static const uint8_t all_routers[16] = { 0xff, 0x02, [15] = 2 };
    static const uint8_t solicited[16] = { 0xff, 0x02, [11] = 1, 0xff, 0, 0, 5 };
    static const uint8_t of_another[16] = { 0xff, 0x02, [11] = 1, 0xff, 0, 0, 6 };

    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(128, PEER_IPV6, LOCAL_IPV6));
    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(2, PEER_IPV6, FAR_IPV6));
    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(135, nobody, solicited));
    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(136, LOCAL_IPV6, all_nodes));
    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(134, PEER_LINK_LOCAL_IPV6, all_nodes));
    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(130, PEER_LINK_LOCAL_IPV6, GROUP_IPV6));
    CHECK_EQUAL(ADK_VERDICT_CONTROL, icmpv6_verdict(131, PEER_LINK_LOCAL_IPV6, GROUP_IPV6));
    CHECK_EQUAL(ADK_COUNT_RX_PROTOCOL, icmpv6_verdict(128, PEER_IPV6, all_nodes));
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_GROUP, icmpv6_verdict(133, PEER_LINK_LOCAL_IPV6, all_routers));
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_GROUP, icmpv6_verdict(135, PEER_LINK_LOCAL_IPV6, of_another));
    CHECK_EQUAL(ADK_COUNT_RX_MARTIAN_SOURCE, icmpv6_verdict(135, all_nodes, LOCAL_IPV6));
}

/* A neighbour advertisement of PEER with a target option. */
static frame_t advertisement(const uint8_t *mac)
{
    frame_t frame = frame6_around(58, 32);
    frame.bytes[AT_HOP_LIMIT6] = 255;
    frame.bytes[AT_UDP6] = 136;
    memcpy(frame.bytes + AT_UDP6 + 8, PEER_IPV6, 16);
    frame.bytes[AT_UDP6 + 24] = 2;
    frame.bytes[AT_UDP6 + 25] = 1;
    memcpy(frame.bytes + AT_UDP6 + 26, mac, 6);
    return frame;
}

TEST(the_mac_that_an_advertisement_names_is_found_and_none_beyond_the_end)
{
    frame_t frame = advertisement(PEER_MAC);
    adk_ipv6_t address;
    const uint8_t *mac = adk_ndp_claim(frame.bytes, frame.length, &address);

    CHECK(NULL != mac);
    CHECK_EQUAL(0, memcmp(PEER_MAC, mac, 6));
    CHECK(adk_ipv6_is_same(adk_ipv6_of(PEER_IPV6), address));
    for (uint32_t length = 0; length < frame.length; length++)
    {
        CHECK(NULL == adk_ndp_claim(frame.bytes, length, &address));
    }
    frame.bytes[AT_HOP_LIMIT6] = 254;
    CHECK(NULL == adk_ndp_claim(frame.bytes, frame.length, &address));
    frame = advertisement(PEER_MAC);
    frame.bytes[AT_UDP6 + 25] = 0;
    CHECK(NULL == adk_ndp_claim(frame.bytes, frame.length, &address));
}
