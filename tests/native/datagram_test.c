/*
 * From a frame to its one verdict. Each frame is copied into memory of exactly its length, so that ASan catches
 * overruns.
 */
#include "wire/plain.h"

#include "frame.h"
#include "suite.h"

static const adk_address_t LOCAL = { .mac = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x05 }, .ipv4_be = RTE_BE32(LOCAL_IPV4) };

/*
 * Every frame of these tests is also checked for being plain: a frame refused for anything but its source must not be.
 */
static void check_plain(const uint8_t *bytes, uint32_t length, bool is_ipv4_good, bool is_udp_good, int verdict)
{
    uint32_t payload_length;
    if (adk_is_plain(&LOCAL, bytes, length, &payload_length) && adk_plain_is_intact(bytes, is_ipv4_good, is_udp_good))
    {
        CHECK(ADK_VERDICT_DATAGRAM == verdict || ADK_COUNT_RX_MARTIAN_SOURCE == verdict);
    }
}

static int judge(const frame_t *frame, bool is_ipv4_good, bool is_udp_good, adk_datagram_t *datagram)
{
    uint8_t *bytes = malloc(frame->length);
    if (frame->length > 0)
    {
        memcpy(bytes, frame->bytes, frame->length);
    }
    const int verdict = adk_parse_frame(&LOCAL, bytes, frame->length, is_ipv4_good, is_udp_good, datagram);
    check_plain(bytes, frame->length, is_ipv4_good, is_udp_good, verdict);
    free(bytes);
    return verdict;
}

static int verdict_of(const frame_t *frame)
{
    adk_datagram_t datagram;
    return judge(frame, false, false, &datagram);
}

static void check_datagram(const frame_t *frame, uint32_t payload_offset, uint32_t payload_length)
{
    adk_datagram_t datagram;
    memset(&datagram, 0xa5, sizeof(datagram));
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, judge(frame, false, false, &datagram));
    CHECK_EQUAL(payload_offset, datagram.payload_offset);
    CHECK_EQUAL(payload_length, datagram.payload_length);
}

TEST(a_good_datagram_says_where_its_payload_is)
{
    static const uint32_t lengths[] = { 0, 1, 17, 18, 32, 1472, 8972 };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
    {
        const frame_t frame = frame_of(lengths[i]);
        check_datagram(&frame, AT_PAYLOAD, lengths[i]);
    }
}

TEST(an_ordinary_datagram_is_plain_whatever_its_length)
{
    static const uint32_t lengths[] = { 0, 1, 17, 18, 32, 1472, 8972 };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
    {
        const frame_t frame = frame_of(lengths[i]);
        uint32_t payload_length = 0;
        CHECK(adk_is_plain(&LOCAL, frame.bytes, frame.length, &payload_length));
        CHECK(adk_plain_is_intact(frame.bytes, false, false));
        CHECK_EQUAL(lengths[i], payload_length);
    }
}

TEST(a_frame_cut_anywhere_is_truncated)
{
    frame_t frame = frame_of(18);
    for (frame.length = 0; frame.length < 60; frame.length++)
    {
        CHECK_EQUAL(ADK_COUNT_RX_TRUNCATED, verdict_of(&frame));
    }
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
}

TEST(ethernet_padding_is_left_behind)
{
    frame_t frame = frame_of(4);
    memset(frame.bytes + frame.length, 0xa5, 60 - frame.length);
    frame.length = 60;
    check_datagram(&frame, AT_PAYLOAD, 4);
}

TEST(bytes_between_the_udp_datagram_and_the_end_of_the_ipv4_one_are_left_behind)
{
    frame_t frame = frame_of(40);
    put16(frame.bytes + AT_UDP_LENGTH, 8 + 32);
    seal(&frame);
    check_datagram(&frame, AT_PAYLOAD, 32);
}

TEST(ipv4_options_are_skipped)
{
    for (uint32_t options_length = 4; options_length <= 40; options_length += 4)
    {
        const frame_t frame = frame_with_options(32, options_length);
        check_datagram(&frame, AT_PAYLOAD + options_length, 32);
    }
}

TEST(a_version_other_than_four_is_an_ipv4_header_error)
{
    frame_t frame = frame_of(32);
    for (uint32_t version = 0; version < 16; version++)
    {
        frame.bytes[AT_VERSION_IHL] = (uint8_t)(version << 4 | 5);
        seal(&frame);
        CHECK_EQUAL(4 == version ? ADK_VERDICT_DATAGRAM : ADK_COUNT_RX_IPV4_HEADER, verdict_of(&frame));
    }
}

TEST(a_header_length_below_five_words_is_an_ipv4_header_error)
{
    frame_t frame = frame_of(32);
    for (uint32_t words = 0; words < 5; words++)
    {
        frame.bytes[AT_VERSION_IHL] = (uint8_t)(0x40 | words);
        CHECK_EQUAL(ADK_COUNT_RX_IPV4_HEADER, verdict_of(&frame));
    }
}

TEST(a_total_length_below_the_header_length_is_an_ipv4_header_error)
{
    frame_t frame = frame_with_options(32, 8);
    for (uint32_t total_length = 0; total_length < 28; total_length++)
    {
        put16(frame.bytes + AT_TOTAL_LENGTH, total_length);
        seal_ipv4(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_IPV4_HEADER, verdict_of(&frame));
    }
}

TEST(a_total_length_beyond_the_frame_is_truncated)
{
    frame_t frame = frame_of(32);
    static const uint32_t lengths[] = { 61, 62, 1500, 0x7fff, 0xffff };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
    {
        put16(frame.bytes + AT_TOTAL_LENGTH, lengths[i]);
        seal_ipv4(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_TRUNCATED, verdict_of(&frame));
    }
}

TEST(fragments_are_dropped_wherever_they_come_from_in_the_datagram)
{
    static const uint32_t fragments[] = { 0x2000, 0x2001, 0x0001, 0x1fff, 0x3fff, 0x6000 };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(fragments) / sizeof(fragments[0]); i++)
    {
        put16(frame.bytes + AT_FRAGMENT, fragments[i]);
        seal_ipv4(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_FRAGMENT, verdict_of(&frame));
    }
}

TEST(dont_fragment_and_the_reserved_bit_make_no_fragment)
{
    frame_t frame = frame_of(32);
    put16(frame.bytes + AT_FRAGMENT, 0xc000);
    seal_ipv4(&frame);
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
}

TEST(a_datagram_for_another_mac_is_dropped_even_if_it_is_broadcast_or_no_group_of_ipv4)
{
    static const uint8_t others[][6] = {
        { 0x02, 0x00, 0x00, 0x00, 0x00, 0x06 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
        { 0x01, 0x00, 0x5e, 0x80, 0x00, 0x05 }, /* MPLS, RFC 5332 */
        { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e }, { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 },
    };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
    {
        memcpy(frame.bytes, others[i], 6);
        CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_MAC, verdict_of(&frame));
    }
}

TEST(a_datagram_for_another_address_is_dropped_even_if_it_is_broadcast_or_multicast)
{
    static const uint32_t others[] = { LOCAL_IPV4 + 1, 0x0a0000ff, 0xffffffff, 0xe0000101, 0, 0x7f000001 };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
    {
        put32(frame.bytes + AT_DESTINATION_IPV4, others[i]);
        seal(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));
    }
}

TEST(a_datagram_for_a_group_is_taken_only_in_a_frame_to_the_groups_mac)
{
    static const uint8_t mac[] = { 0x01, 0x00, 0x5e, 0x00, 0x01, 0x01 };
    frame_t frame = frame_of(32);
    memcpy(frame.bytes, mac, sizeof(mac));
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));

    static const uint32_t groups[] = { 0xe0000101, 0xe0800101, 0xef000101 };
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
    {
        put32(frame.bytes + AT_DESTINATION_IPV4, groups[i]);
        seal(&frame);
        CHECK_EQUAL(ADK_VERDICT_GROUP, verdict_of(&frame));
    }
    put32(frame.bytes + AT_DESTINATION_IPV4, 0xe0000102);
    seal(&frame);
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_ADDRESS, verdict_of(&frame));
    put32(frame.bytes + AT_DESTINATION_IPV4, 0xe0000101);
    put32(frame.bytes + AT_SOURCE_IPV4, LOCAL_IPV4);
    seal(&frame);
    CHECK_EQUAL(ADK_COUNT_RX_MARTIAN_SOURCE, verdict_of(&frame));
}

TEST(no_host_sends_from_a_martian_address)
{
    static const uint32_t martians[] = { 0x00000000, 0x00ffffff, 0x7f000001, 0x7fffffff, 0xe0000001,
                                         0xefffffff, 0xf0000001, 0xffffffff, LOCAL_IPV4 };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(martians) / sizeof(martians[0]); i++)
    {
        put32(frame.bytes + AT_SOURCE_IPV4, martians[i]);
        seal(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_MARTIAN_SOURCE, verdict_of(&frame));
    }
}

TEST(addresses_beside_the_martian_ones_are_hosts)
{
    static const uint32_t hosts[] = { 0x01000000, 0x7effffff, 0x80000000, 0xdfffffff };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
    {
        put32(frame.bytes + AT_SOURCE_IPV4, hosts[i]);
        seal(&frame);
        CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
    }
}

TEST(a_udp_length_below_its_header_or_beyond_the_datagram_is_a_udp_header_error)
{
    static const uint32_t lengths[] = { 0, 1, 7, 41, 42, 0x7fff, 0xffff };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
    {
        put16(frame.bytes + AT_UDP_LENGTH, lengths[i]);
        put16(frame.bytes + AT_UDP_CHECKSUM, 0);
        CHECK_EQUAL(ADK_COUNT_RX_UDP_HEADER, verdict_of(&frame));
    }
}

TEST(an_ipv4_datagram_too_short_for_a_udp_header_is_a_udp_header_error)
{
    frame_t frame = frame_of(32);
    for (uint32_t total_length = 20; total_length < 28; total_length++)
    {
        put16(frame.bytes + AT_TOTAL_LENGTH, total_length);
        seal_ipv4(&frame);
        CHECK_EQUAL(ADK_COUNT_RX_UDP_HEADER, verdict_of(&frame));
        frame.length = AT_VERSION_IHL + total_length;
        CHECK_EQUAL(ADK_COUNT_RX_UDP_HEADER, verdict_of(&frame));
        frame.length = AT_PAYLOAD + 32;
    }
}

TEST(a_zero_udp_checksum_means_that_there_is_none)
{
    frame_t frame = frame_of(32);
    put16(frame.bytes + AT_UDP_CHECKSUM, 0);
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_of(&frame));
}

TEST(every_flipped_bit_of_the_udp_datagram_is_noticed)
{
    const frame_t good = frame_of(33);
    for (uint32_t bit = 8 * AT_PAYLOAD; bit < 8 * good.length; bit++)
    {
        frame_t frame = good;
        frame.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_of(&frame));
    }
    for (uint32_t bit = 8 * AT_SOURCE_PORT; bit < 8 * AT_UDP_LENGTH; bit++)
    {
        frame_t frame = good;
        frame.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_of(&frame));
    }
}

TEST(a_bad_ipv4_checksum_is_counted_as_such)
{
    frame_t frame = frame_of(32);
    frame.bytes[AT_IPV4_CHECKSUM] ^= 1;
    CHECK_EQUAL(ADK_COUNT_RX_IPV4_CHECKSUM, verdict_of(&frame));
}

TEST(a_checksum_that_the_device_vouches_for_is_not_computed_again)
{
    adk_datagram_t datagram;
    frame_t frame = frame_of(32);

    frame.bytes[AT_IPV4_CHECKSUM] ^= 1;
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, judge(&frame, true, false, &datagram));
    CHECK_EQUAL(ADK_COUNT_RX_IPV4_CHECKSUM, judge(&frame, false, true, &datagram));
    frame.bytes[AT_UDP_CHECKSUM] ^= 1;
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, judge(&frame, true, false, &datagram));
    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, judge(&frame, true, true, &datagram));
}

TEST(a_device_that_vouches_for_checksums_vouches_for_nothing_else)
{
    adk_datagram_t datagram;
    frame_t frame = frame_of(32);

    put16(frame.bytes + AT_UDP_LENGTH, 41);
    CHECK_EQUAL(ADK_COUNT_RX_UDP_HEADER, judge(&frame, true, true, &datagram));
    put16(frame.bytes + AT_TOTAL_LENGTH, 61);
    CHECK_EQUAL(ADK_COUNT_RX_TRUNCATED, judge(&frame, true, true, &datagram));
}

TEST(icmp_and_arp_are_for_the_control_plane)
{
    frame_t icmp = frame_of(32);
    icmp.bytes[AT_PROTOCOL] = 1;
    seal_ipv4(&icmp);
    CHECK_EQUAL(ADK_VERDICT_CONTROL, verdict_of(&icmp));

    frame_t arp = arp_request();
    CHECK_EQUAL(ADK_VERDICT_CONTROL, verdict_of(&arp));
    memcpy(arp.bytes, LOCAL_MAC, 6);
    CHECK_EQUAL(ADK_VERDICT_CONTROL, verdict_of(&arp));
    memcpy(arp.bytes, PEER_MAC, 6);
    CHECK_EQUAL(ADK_COUNT_RX_NOT_OUR_MAC, verdict_of(&arp));
}

TEST(icmp_fragments_do_not_reach_the_control_plane)
{
    frame_t frame = frame_of(32);
    frame.bytes[AT_PROTOCOL] = 1;
    put16(frame.bytes + AT_FRAGMENT, 0x2000);
    seal_ipv4(&frame);
    CHECK_EQUAL(ADK_COUNT_RX_FRAGMENT, verdict_of(&frame));
}

TEST(every_other_protocol_is_counted)
{
    frame_t frame = frame_of(32);
    for (uint32_t protocol = 0; protocol < 256; protocol++)
    {
        frame.bytes[AT_PROTOCOL] = (uint8_t)protocol;
        seal_ipv4(&frame);
        if (1 != protocol && 2 != protocol && 17 != protocol)
        {
            CHECK_EQUAL(ADK_COUNT_RX_PROTOCOL, verdict_of(&frame));
        }
    }
}

TEST(every_other_ethertype_is_counted_a_vlan_tag_too)
{
    static const uint32_t ethertypes[] = { 0x8100, 0x88a8, 0x86dd, 0x0000, 0x002e, 0x05dc, 0x88cc, 0xffff, 0x0008 };
    frame_t frame = frame_of(32);
    for (size_t i = 0; i < sizeof(ethertypes) / sizeof(ethertypes[0]); i++)
    {
        put16(frame.bytes + AT_ETHERTYPE, ethertypes[i]);
        CHECK_EQUAL(ADK_COUNT_RX_ETHERTYPE, verdict_of(&frame));
    }
}
