#include "wire/header.h"

#include "frame.h"
#include "suite.h"

/* 02:..:05 10.0.0.5:40123 -> 10.0.0.9:50000, written out by hand from RFC 791 §3.1 and RFC 768. */
static const uint8_t EXPECTED[42] = {
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* destination MAC: left open */
    0x02, 0x00, 0x00, 0x00, 0x00, 0x05, /* source MAC */
    0x08, 0x00,                         /* IPv4 */
    0x45, 0x00, 0x00, 0x00,             /* version, header length; TOS; total length: left open */
    0x00, 0x00, 0x40, 0x00,             /* identification; DF */
    0x40, 0x11, 0x00, 0x00,             /* TTL 64; UDP; checksum: left open */
    0x0a, 0x00, 0x00, 0x05,             /* source */
    0x0a, 0x00, 0x00, 0x09,             /* destination */
    0x9c, 0xbb, 0xc3, 0x50,             /* ports */
    0x00, 0x00, 0x00, 0x00,             /* length, checksum: left open */
};

TEST(a_header_is_the_same_byte_for_byte_whatever_its_memory_held_before)
{
    static const int before[] = { 0x00, 0xa5, 0xff };
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
    {
        adk_header_t header;
        memset(&header, before[i], sizeof(header));
        adk_header_init(&header, LOCAL_MAC, LOCAL_IPV4, LOCAL_PORT, PEER_IPV4, PEER_PORT);
        CHECK_EQUAL(0, memcmp(EXPECTED, &header, sizeof(EXPECTED)));
    }
}

TEST(a_header_writes_nothing_behind_itself)
{
    struct
    {
        adk_header_t header;
        uint8_t behind[16];
    } memory;

    memset(&memory, 0xa5, sizeof(memory));
    adk_header_init(&memory.header, LOCAL_MAC, UINT32_MAX, UINT16_MAX, UINT32_MAX, UINT16_MAX);
    for (size_t i = 0; i < sizeof(memory.behind); i++)
    {
        CHECK_EQUAL(0xa5, memory.behind[i]);
    }
}
