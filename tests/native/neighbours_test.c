/* The table of next hops: one writer, and readers that neither lock nor copy. */
#include <pthread.h>
#include <sched.h>

#include "ring_port.h"
#include "suite.h"

#define READERS (2)
#define LOOKUPS (100000)

static uint64_t word_of(const ring_port_t *port, uint32_t ipv4)
{
    adk_neighbour_t *neighbour = adk_neighbours_find(&port->stack->neighbours, &ipv4);
    return NULL == neighbour ? ADK_NEIGHBOUR_UNRESOLVED : adk_neighbour_word(neighbour);
}

TEST(a_neighbour_is_found_by_its_address_until_it_is_forgotten)
{
    ring_port_t port = ring_port();
    uint8_t mac[6];

    CHECK_EQUAL(ADK_NEIGHBOUR_UNRESOLVED, word_of(&port, PEER_IPV4));
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    adk_neighbour_word_to_mac(word_of(&port, PEER_IPV4), mac);
    CHECK_EQUAL(0, memcmp(PEER_MAC, mac, 6));
    CHECK_EQUAL(ADK_NEIGHBOUR_UNRESOLVED, word_of(&port, PEER_IPV4 + 1));
    adk_neighbour_forget(port.stack, PEER_IPV4);
    CHECK_EQUAL(ADK_NEIGHBOUR_UNRESOLVED, word_of(&port, PEER_IPV4));
    adk_neighbour_forget(port.stack, PEER_IPV4);
    adk_neighbour_forget(port.stack, PEER_IPV4 + 1);
    ring_port_close(&port);
}

TEST(the_word_changes_with_the_mac_and_only_then)
{
    ring_port_t port = ring_port();

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    const uint64_t first = word_of(&port, PEER_IPV4);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(first, word_of(&port, PEER_IPV4));
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, LOCAL_MAC));
    const uint64_t second = word_of(&port, PEER_IPV4);
    CHECK(first != second);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK(first != word_of(&port, PEER_IPV4));
    ring_port_close(&port);
}

TEST(a_resolved_word_is_never_the_unresolved_one)
{
    static const uint8_t zeroes[6];
    ring_port_t port = ring_port();

    for (uint32_t i = 0; i < 3 * UINT16_MAX; i++)
    {
        CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, 0 == i % 2 ? PEER_MAC : zeroes));
        CHECK(ADK_NEIGHBOUR_UNRESOLVED != word_of(&port, PEER_IPV4));
    }
    ring_port_close(&port);
}

TEST(what_a_reader_kept_of_a_forgotten_neighbour_never_matches_another)
{
    ring_port_t port = ring_port();

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    const uint32_t peer_ipv4 = PEER_IPV4;
    adk_neighbour_t *kept = adk_neighbours_find(&port.stack->neighbours, &peer_ipv4);
    const uint64_t word = adk_neighbour_word(kept);
    for (uint32_t i = 1; i < 3000; i++)
    {
        adk_neighbour_forget(port.stack, PEER_IPV4 + i - 1);
        CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4 + i, PEER_MAC));
        CHECK(word != adk_neighbour_word(kept));
    }
    ring_port_close(&port);
}

TEST(as_many_neighbours_as_promised_fit_and_one_too_many_is_an_error_with_a_sentence)
{
    ring_port_t port = ring_port();
    uint32_t count = 0;

    while (0 == adk_neighbour_set(port.stack, 0x0b000000u + count, PEER_MAC))
    {
        count++;
        CHECK(count <= 1000000);
    }
    CHECK(count >= ADK_NEIGHBOURS);
    CHECK(NULL != strstr(adk_error_text(), "neighbour table"));
    for (uint32_t i = 0; i < count; i++)
    {
        CHECK(ADK_NEIGHBOUR_UNRESOLVED != word_of(&port, 0x0b000000u + i));
    }
    ring_port_close(&port);
}

typedef struct reader_stct
{
    const ring_port_t *port;
    enum adk_role_en role;
    uint32_t resolved;
    uint32_t torn;
    pthread_t thread;
} reader_t;

/* The writer below gives neighbour n only MACs whose six octets are all equal, with n in their low nibble. */
static bool is_whole(uint64_t word, uint32_t n)
{
    uint8_t mac[6];
    adk_neighbour_word_to_mac(word, mac);
    for (int i = 1; i < 6; i++)
    {
        if (mac[i] != mac[0])
        {
            return false;
        }
    }
    return (mac[0] & 15) == n && 0 != word >> 48;
}

static void *read_neighbours(void *state)
{
    reader_t *reader = state;
    adk_lane_t *lane = &reader->port->stack->lanes[reader->role];
    /* On a busy machine the writer may have finished before this thread first runs. */
    for (uint32_t i = 0; i < LOOKUPS || 0 == reader->resolved; i++)
    {
        const uint32_t n = i % 4;
        adk_stack_quiescent(reader->port->stack, lane);
        const uint64_t word = word_of(reader->port, PEER_IPV4 + n);
        if (ADK_NEIGHBOUR_UNRESOLVED != word)
        {
            reader->resolved++;
            reader->torn += !is_whole(word, n);
        }
    }
    adk_stack_lane_offline(reader->port->stack, reader->role);
    return NULL;
}

TEST(readers_under_a_busy_writer_see_a_whole_mac_or_none)
{
    ring_port_t port = ring_port();
    reader_t readers[READERS] = { { .port = &port, .role = ADK_ROLE_SENDER },
                                  { .port = &port, .role = ADK_ROLE_RECEIVER } };

    for (uint32_t n = 0; n < 4; n++)
    {
        uint8_t mac[6];
        memset(mac, (int)n, sizeof(mac));
        CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4 + n, mac));
    }
    for (int i = 0; i < READERS; i++)
    {
        CHECK_EQUAL(0, pthread_create(&readers[i].thread, NULL, read_neighbours, &readers[i]));
    }
    for (uint32_t i = 0; i < LOOKUPS; i++)
    {
        const uint32_t n = i % 4;
        uint8_t mac[6];
        memset(mac, (int)((i & 0xf0) | n), sizeof(mac));
        if (0 == i % 7)
        {
            adk_neighbour_forget(port.stack, PEER_IPV4 + n);
        }
        /* Readers that have not noticed a removal yet may still occupy its room; the control plane retries too. */
        (void)adk_neighbour_set(port.stack, PEER_IPV4 + n, mac);
    }
    while (adk_neighbour_set(port.stack, PEER_IPV4, (const uint8_t[6]){ 0 }) < 0)
    {
        sched_yield();
    }
    for (int i = 0; i < READERS; i++)
    {
        CHECK_EQUAL(0, pthread_join(readers[i].thread, NULL));
        CHECK_EQUAL(0, readers[i].torn);
        CHECK(readers[i].resolved > 0);
    }
    ring_port_close(&port);
}
