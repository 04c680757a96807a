/* Fragments on the way in: datagrams put together, and attacks with fragments. */
#include <time.h>

#include "media.h"
#include "suite.h"
#include "stack/fragments.h"

#define ROOM (1480) /* bytes of the datagram in each fragment */
#define AT_ID (18)
#define DATAGRAM (4000) /* bytes of payload: three fragments */
#define MORE (0x2000u)

static adk_settings_t with_fragments(void)
{
    adk_settings_t settings = ring_settings();
    settings.mtu = 1500;
    settings.fragments = 1;
    return settings;
}

static test_media_t *media_with_fragments(void)
{
    return media_open_with(with_fragments(), AERON_THREADING_MODE_DEDICATED);
}

static uint64_t counted(const test_media_t *test, int count)
{
    return adk_count_value(test->port.stack, count);
}

/* Sends length bytes of the whole datagram, from offset on. */
static void put_fragment(
    test_media_t *test, const frame_t *whole, uint16_t id, uint32_t offset, uint32_t length, uint32_t flags)
{
    frame_t fragment = *whole;
    const uint32_t available = whole->length - AT_SOURCE_PORT;

    memset(fragment.bytes + AT_SOURCE_PORT, 0, length);
    if (offset < available)
    {
        const uint32_t real = available - offset < length ? available - offset : length;
        memcpy(fragment.bytes + AT_SOURCE_PORT, whole->bytes + AT_SOURCE_PORT + offset, real);
    }
    put16(fragment.bytes + AT_TOTAL_LENGTH, 20 + length);
    put16(fragment.bytes + AT_ID, id);
    put16(fragment.bytes + AT_FRAGMENT, flags | offset / 8);
    fragment.length = AT_SOURCE_PORT + length;
    seal_ipv4(&fragment);
    ring_port_put(&test->port, &fragment);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
}

/* The index-th fragment of a datagram of DATAGRAM bytes. */
static void put_part(test_media_t *test, const frame_t *whole, uint16_t id, int index)
{
    const bool is_last = 2 == index;
    put_fragment(test, whole, id, (uint32_t)index * ROOM, is_last ? DATAGRAM + 8 - 2 * ROOM : ROOM, is_last ? 0 : MORE);
}

static void add(test_media_t *test, aeron_udp_channel_transport_t *transport)
{
    CHECK_EQUAL(0, media_init(test, transport, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], transport));
}

static void end(test_media_t *test, aeron_udp_channel_transport_t *transport)
{
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[ADK_ROLE_RECEIVER], transport));
    CHECK_EQUAL(0, adk_transport_close(transport));
    media_close(test);
}

TEST(fragments_in_any_order_become_the_datagram_that_was_sent)
{
    static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);

    add(test, &transport);
    for (int i = 0; i < 6; i++)
    {
        for (int j = 0; j < 3; j++)
        {
            CHECK_EQUAL(i, test->deliveries->count);
            put_part(test, &whole, (uint16_t)(100 + i), orders[i][j]);
        }
        CHECK_EQUAL(i + 1, test->deliveries->count);
        check_payload(&test->deliveries->list[i], DATAGRAM);
        check_no_mbuf_is_missing(&test->port);
    }
    CHECK_EQUAL(6, counted(test, ADK_COUNT_RX_REASSEMBLED));
    CHECK_EQUAL(0, counted(test, ADK_COUNT_RX_FRAGMENT));
    end(test, &transport);
}

TEST(what_interleaves_is_not_mixed)
{
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);

    add(test, &transport);
    for (int part = 0; part < 3; part++)
    {
        for (uint16_t id = 0; id < 24; id++)
        {
            put_part(test, &whole, id, part);
        }
    }
    CHECK_EQUAL(24, test->deliveries->count);
    check_no_mbuf_is_missing(&test->port);
    end(test, &transport);
}

TEST(a_damaged_datagram_is_found_when_it_is_whole)
{
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t whole = frame_of(DATAGRAM);

    add(test, &transport);
    whole.bytes[AT_PAYLOAD + 2000] ^= 1;
    for (int part = 0; part < 3; part++)
    {
        put_part(test, &whole, 7, part);
    }
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(1, counted(test, ADK_COUNT_RX_UDP_CHECKSUM));
    check_no_mbuf_is_missing(&test->port);
    end(test, &transport);
}

TEST(the_senders_datagram_crosses_to_the_sender_whole)
{
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);

    CHECK_EQUAL(0, media_init(test, &transport, ADK_ROLE_SENDER, LOCAL_PORT, NULL));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_SENDER], &transport));
    for (int part = 0; part < 3; part++)
    {
        put_part(test, &whole, 7, part);
    }
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], DATAGRAM);
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[ADK_ROLE_SENDER], &transport));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

/* No part of it is delivered, and every frame of it is counted once. */
static void check_attack(void (*attack)(test_media_t *test, const frame_t *whole), int frames)
{
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);

    add(test, &transport);
    attack(test, &whole);
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(frames, counted(test, ADK_COUNT_RX_FRAGMENT));
    check_no_mbuf_is_missing(&test->port);
    end(test, &transport);
}

/* CVE-1999-0015: the second fragment lies within the first. */
static void teardrop(test_media_t *test, const frame_t *whole)
{
    put_fragment(test, whole, 1, 0, 64, MORE);
    put_fragment(test, whole, 1, 24, 16, 0);
}

/* CVE-1999-0128: the datagram would end beyond the greatest possible length. */
static void ping_of_death(test_media_t *test, const frame_t *whole)
{
    put_fragment(test, whole, 1, 65528, 32, 0);
    put_fragment(test, whole, 1, 65504, 32, MORE);
}

/* RFC 791 §3.2: all fragments but the last must be in units of eight bytes. */
static void crooked(test_media_t *test, const frame_t *whole)
{
    put_fragment(test, whole, 1, 0, 60, MORE);
    put_fragment(test, whole, 1, 64, 0, MORE);
}

/* CVE-2018-5391 and tiny fragments: more pieces than any real datagram has. */
static void crumbs(test_media_t *test, const frame_t *whole)
{
    for (uint32_t i = 0; i < ADK_FRAGMENTS_MAX; i++)
    {
        put_fragment(test, whole, 1, 8 * i, 8, MORE);
    }
}

static void other_protocol(test_media_t *test, const frame_t *whole)
{
    frame_t icmp = *whole;
    icmp.bytes[AT_PROTOCOL] = IPPROTO_ICMP;
    put_part(test, &icmp, 1, 0);
    put_part(test, &icmp, 1, 2);
}

TEST(a_teardrop_is_dropped)
{
    check_attack(teardrop, 2);
}

TEST(a_ping_of_death_is_dropped)
{
    check_attack(ping_of_death, 2);
}

TEST(fragments_that_rfc_791_does_not_know_are_dropped)
{
    check_attack(crooked, 2);
}

TEST(a_datagram_in_crumbs_is_dropped)
{
    check_attack(crumbs, ADK_FRAGMENTS_MAX);
}

TEST(fragments_of_other_protocols_are_dropped)
{
    check_attack(other_protocol, 2);
}

/* The reason behind RFC 5722: what is checked must be what is delivered. */
TEST(no_byte_of_an_overlap_is_delivered)
{
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);
    frame_t forged = whole;

    add(test, &transport);
    memset(forged.bytes + AT_PAYLOAD, 0xee, DATAGRAM);
    put_part(test, &whole, 9, 0);
    put_fragment(test, &forged, 9, 8, ROOM, MORE); /* overlaps the first, and eight bytes of the second */
    put_part(test, &whole, 9, 2);
    put_part(test, &whole, 9, 1);
    for (int i = 0; i < test->deliveries->count; i++)
    {
        check_payload(&test->deliveries->list[i], DATAGRAM);
    }
    end(test, &transport);
}

static void sleep_ns(long ns)
{
    const struct timespec pause = { .tv_nsec = ns };
    CHECK_EQUAL(0, nanosleep(&pause, NULL));
}

TEST(a_flood_of_lone_fragments_is_bounded_and_over_when_their_time_is_up)
{
    test_media_t *test = media_with_fragments();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);
    const int flood = 10 * ADK_REASSEMBLIES;
    const unsigned int before = rte_mempool_avail_count(test->port.stack->port.rx_mempool);

    add(test, &transport);
    for (int id = 0; id < flood; id++)
    {
        put_part(test, &whole, (uint16_t)id, 0);
    }
    const unsigned int held = before - rte_mempool_avail_count(test->port.stack->port.rx_mempool);
    CHECK(held <= ADK_REASSEMBLIES);
    CHECK_EQUAL((uint64_t)flood - held, counted(test, ADK_COUNT_RX_FRAGMENT));

    sleep_ns(ADK_REASSEMBLY_NS + 1000 * 1000);
    for (int part = 0; part < 3; part++)
    {
        put_part(test, &whole, 0xffff, part);
    }
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], DATAGRAM);
    end(test, &transport);
}

TEST(where_they_are_off_fragments_are_dropped)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t whole = frame_of(DATAGRAM);

    add(test, &transport);
    for (int part = 0; part < 3; part++)
    {
        put_part(test, &whole, 1, part);
    }
    CHECK_EQUAL(0, test->deliveries->count);
    CHECK_EQUAL(3, counted(test, ADK_COUNT_RX_FRAGMENT));
    end(test, &transport);
}
