/*
 * The receive path from raw frame to verdict. Input: one byte of flags, then the frame.
 *
 * The parser may say anything about a frame, but not read outside it, not invent a verdict, not let through a payload
 * that is outside the frame, and not change its mind about a frame when the device vouches for right checksums.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/datagram.h"

#define IPV4_CHECKSUM_GOOD (1)
#define UDP_CHECKSUM_GOOD (2)

static const adk_address_t LOCAL = { .mac = { 0x02, 0, 0, 0, 0, 0x05 }, .ipv4 = 0x0a000005 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
    {
        abort();
    }
}

static bool is_verdict(int verdict)
{
    return ADK_VERDICT_DATAGRAM == verdict ||
        ADK_VERDICT_CONTROL == verdict ||
        (ADK_COUNT_RX_TRUNCATED <= verdict && verdict <= ADK_COUNT_RX_UDP_CHECKSUM);
}

static void check_datagram(const uint8_t *frame, uint32_t length, const adk_datagram_t *datagram)
{
    const uint32_t headers = RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr);

    must(datagram->payload_offset >= headers);
    must((uint32_t)datagram->payload_offset + datagram->payload_length <= length);
    must(0 == memcmp(frame, LOCAL.mac, sizeof(LOCAL.mac)));
    must(!adk_is_martian_source(datagram->source_ipv4));
    must(rte_cpu_to_be_32(datagram->source_ipv4) == datagram->source_ipv4_be);

    const uint8_t *udp = frame + datagram->payload_offset - sizeof(struct rte_udp_hdr);
    must(datagram->destination_port == (udp[2] << 8 | udp[3]));
    must(datagram->payload_length + sizeof(struct rte_udp_hdr) == (size_t)(udp[4] << 8 | udp[5]));
}

static void check_frame(const uint8_t *frame, uint32_t length, uint8_t flags)
{
    adk_datagram_t datagram;
    adk_datagram_t vouched_for;
    const int verdict = adk_parse_frame(
        &LOCAL, frame, length, 0 != (flags & IPV4_CHECKSUM_GOOD), 0 != (flags & UDP_CHECKSUM_GOOD), &datagram);

    must(is_verdict(verdict));
    if (ADK_VERDICT_DATAGRAM == verdict)
    {
        check_datagram(frame, length, &datagram);
        must(ADK_VERDICT_DATAGRAM == adk_parse_frame(&LOCAL, frame, length, true, true, &vouched_for));
        must(datagram.payload_offset == vouched_for.payload_offset);
        must(datagram.payload_length == vouched_for.payload_length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (0 == size)
    {
        return 0;
    }

    /* A buffer as long as the frame and no longer, so that ASan sees a read of the byte behind it. */
    uint8_t *frame = malloc(size - 1);
    memcpy(frame, data + 1, size - 1);
    check_frame(frame, (uint32_t)(size - 1), data[0]);
    free(frame);
    return 0;
}
