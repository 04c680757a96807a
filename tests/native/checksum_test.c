#include "wire/checksum.h"

#include "frame.h"
#include "suite.h"

TEST(the_example_of_rfc_1071_sums_up_to_ddf2)
{
    static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    const uint16_t sum = adk_checksum_fold(rte_raw_cksum(example, sizeof(example)));

    CHECK_EQUAL(0xddf2, get16((const uint8_t *)&sum));
    CHECK_EQUAL(0xddf2, (uint16_t)~slow_checksum(slow_sum(example, sizeof(example))));
}

TEST(the_widest_vectors_sum_up_to_the_same_wherever_the_bytes_lie)
{
    uint8_t bytes[1600];
    uint16_t (*const baseline)(const void *, size_t) = adk_checksum_sum;

    for (uint32_t i = 0; i < sizeof(bytes); i++)
    {
        bytes[i] = payload_byte(i * 7919);
    }
    adk_checksum_use_widest();
    for (size_t offset = 0; offset < 64; offset++)
    {
        for (size_t length = 0; length <= 1536; length++)
        {
            const uint16_t sum = adk_checksum_sum(bytes + offset, length);
            CHECK_EQUAL(baseline(bytes + offset, length), sum);
        }
    }
}

TEST(bytes_that_are_copied_sum_up_to_the_same_and_nothing_beside_them_is_written)
{
    static uint8_t from[1700];
    static uint8_t to[1700];

    for (uint32_t i = 0; i < sizeof(from); i++)
    {
        from[i] = payload_byte(i * 7919);
    }
    for (int is_widest = 0; is_widest < 2; is_widest++)
    {
        for (size_t offset = 0; offset < 64; offset += 7)
        {
            for (size_t length = 0; length <= 1536; length++)
            {
                memset(to, 0xa5, sizeof(to));
                CHECK_EQUAL(rte_raw_cksum(from + offset, length), adk_checksum_copy(to + 42, from + offset, length));
                CHECK_EQUAL(0, memcmp(to + 42, from + offset, length));
                CHECK_EQUAL(0xa5, to[41]);
                CHECK_EQUAL(0xa5, to[42 + length]);
            }
        }
        adk_checksum_use_widest();
    }
}

TEST(the_longest_datagram_of_the_largest_bytes_overflows_no_sum)
{
    static uint8_t from[UINT16_MAX];
    static uint8_t to[UINT16_MAX];

    memset(from, 0xff, sizeof(from));
    adk_checksum_use_widest();
    CHECK_EQUAL(rte_raw_cksum(from, sizeof(from)), adk_checksum_copy(to, from, sizeof(from)));
    CHECK_EQUAL(rte_raw_cksum(from, sizeof(from)), adk_checksum_sum(from, sizeof(from)));
}

static adk_header_t header_of(uint16_t payload_length)
{
    adk_header_t header;
    adk_header_init(&header, LOCAL_MAC, LOCAL_IPV4, LOCAL_PORT, PEER_IPV4, PEER_PORT);
    const uint32_t base = adk_checksum_ipv4_base(&header);
    header.ipv4.total_length = rte_cpu_to_be_16((uint16_t)(28 + payload_length));
    header.udp.dgram_len = rte_cpu_to_be_16((uint16_t)(8 + payload_length));
    header.ipv4.hdr_checksum = adk_checksum_ipv4_finish(base, header.ipv4.total_length);
    return header;
}

TEST(the_ipv4_checksum_is_the_slow_one_for_every_length)
{
    for (uint32_t length = 0; length <= UINT16_MAX - 28; length++)
    {
        const adk_header_t header = header_of((uint16_t)length);
        CHECK_EQUAL(slow_ipv4_checksum((const uint8_t *)&header), rte_be_to_cpu_16(header.ipv4.hdr_checksum));
        CHECK(adk_checksum_is_valid(rte_raw_cksum(&header.ipv4, sizeof(header.ipv4))));
    }
}

TEST(the_udp_checksum_is_the_slow_one_for_even_and_odd_lengths)
{
    frame_t frame;
    for (uint32_t length = 0; length <= 1472; length++)
    {
        adk_header_t *header = (adk_header_t *)frame.bytes;
        *header = header_of((uint16_t)length);
        for (uint32_t i = 0; i < length; i++)
        {
            frame.bytes[AT_PAYLOAD + i] = payload_byte(i * length);
        }
        /* An odd datagram is padded with a zero that is not in the frame: the byte behind it must not matter. */
        frame.bytes[AT_PAYLOAD + length] = 0xa5;

        const uint16_t checksum = adk_checksum_udp_finish(
            adk_checksum_pseudo_base(header), &header->udp, (uint16_t)(8 + length));
        CHECK_EQUAL(slow_udp_checksum(frame.bytes), rte_be_to_cpu_16(checksum));

        const uint16_t payload_sum = adk_checksum_sum(frame.bytes + AT_PAYLOAD, length);
        header->udp.dgram_cksum = 0x1234;
        CHECK_EQUAL(checksum, adk_checksum_udp_of(adk_checksum_pseudo_base(header), &header->udp, payload_sum));
    }
}

TEST(a_udp_checksum_of_zero_is_sent_as_all_ones)
{
    struct
    {
        adk_header_t header;
        uint16_t payload;
    } frame = { .header = header_of(2) };
    const uint32_t base = adk_checksum_pseudo_base(&frame.header);

    /* The checksum over an empty payload, used as the payload, makes the total sum 0xffff. */
    frame.payload = adk_checksum_udp_finish(base, &frame.header.udp, 10);
    CHECK_EQUAL(0xffff, adk_checksum_udp_finish(base, &frame.header.udp, 10));
}

TEST(every_flipped_bit_of_an_ipv4_header_is_noticed)
{
    const adk_header_t header = header_of(100);
    for (uint32_t bit = 0; bit < 8 * sizeof(header.ipv4); bit++)
    {
        struct rte_ipv4_hdr flipped = header.ipv4;
        ((uint8_t *)&flipped)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!adk_checksum_is_valid(rte_raw_cksum(&flipped, sizeof(flipped))));
    }
}

TEST(folding_keeps_every_carry)
{
    CHECK_EQUAL(0, adk_checksum_fold(0));
    CHECK_EQUAL(1, adk_checksum_fold(0x10000));
    CHECK_EQUAL(0xffff, adk_checksum_fold(0xffff));
    CHECK_EQUAL(1, adk_checksum_fold(0x1ffff));
    CHECK_EQUAL(0xffff, adk_checksum_fold(0xffffffff));
}
