/* What the device reports about checksums, and how we treat each report. */
#include "stack/rx.h"

#include "frame.h"
#include "suite.h"

static int verdict_with(const frame_t *frame, uint64_t flags)
{
    static const adk_stack_t stack = {
        .local = { .mac = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x05 }, .ipv4_be = RTE_BE32(LOCAL_IPV4) },
    };
    const struct rte_mbuf mbuf = { .ol_flags = flags, .pkt_len = frame->length };
    adk_datagram_t datagram;

    return adk_rx_verdict(&stack, &mbuf, frame->bytes, &datagram);
}

TEST(a_good_datagram_is_accepted_whatever_the_device_says_of_its_checksums)
{
    static const uint64_t flags[] = {
        0,
        RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD,
        RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD,
        RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE,
    };
    const frame_t frame = frame_of(100);

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
    {
        CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_with(&frame, flags[i]));
    }
}

TEST(a_checksum_left_to_the_device_is_accepted_when_the_device_vouches_for_the_data)
{
    frame_t frame = frame_of(100);
    put16(frame.bytes + AT_UDP_CHECKSUM, get16(frame.bytes + AT_UDP_CHECKSUM) ^ 0x5555);

    CHECK_EQUAL(ADK_VERDICT_DATAGRAM, verdict_with(&frame, RTE_MBUF_F_RX_L4_CKSUM_NONE));
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_with(&frame, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN));
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_with(&frame, RTE_MBUF_F_RX_L4_CKSUM_BAD));
    CHECK_EQUAL(ADK_COUNT_RX_UDP_CHECKSUM, verdict_with(&frame, RTE_MBUF_F_RX_IP_CKSUM_NONE));
}
