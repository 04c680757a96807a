/* The set-up half of the pollers: which of their fields Aeron reads, and who owns which port meanwhile. */
#include <errno.h>

#include "media.h"
#include "suite.h"

TEST(add_and_remove_return_exactly_zero_and_keep_the_array_that_re_resolution_walks)
{
    test_media_t *test = media_open();
    aeron_udp_transport_poller_t *poller = &test->pollers[ADK_ROLE_RECEIVER];
    aeron_udp_channel_transport_t transports[40] = { 0 };

    for (int i = 0; i < 40; i++)
    {
        media_add(test, &transports[i], ADK_ROLE_RECEIVER, 0);
        CHECK_EQUAL(i + 1, poller->transports.length);
        CHECK(&transports[i] == poller->transports.array[i].transport);
    }
    CHECK_EQUAL(0, adk_poller_remove(poller, &transports[3]));
    CHECK_EQUAL(39, poller->transports.length);
    for (size_t i = 0; i < poller->transports.length; i++)
    {
        CHECK(&transports[3] != poller->transports.array[i].transport);
    }
    CHECK_EQUAL(0, adk_poller_remove(poller, &transports[3]));
    CHECK_EQUAL(39, poller->transports.length);
    for (int i = 0; i < 40; i++)
    {
        CHECK_EQUAL(0, adk_transport_close(&transports[i]));
    }
    media_close(test);
}

TEST(a_channel_is_heard_from_add_to_remove_and_not_beyond)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(32);

    CHECK_EQUAL(0, media_init(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(0, test->deliveries->count);

    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], &transport));
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);

    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[ADK_ROLE_RECEIVER], &transport));
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(2, count_of(&test->port, ADK_COUNT_RX_NO_ENDPOINT));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_port_stays_taken_until_its_transport_is_closed_not_only_removed)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t first = { 0 };
    aeron_udp_channel_transport_t second = { 0 };

    media_add(test, &first, ADK_ROLE_RECEIVER, LOCAL_PORT);
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[ADK_ROLE_RECEIVER], &first));
    CHECK_EQUAL(-1, media_init(test, &second, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    CHECK_EQUAL(EADDRINUSE, aeron_errcode());
    aeron_err_clear();
    CHECK_EQUAL(0, adk_transport_close(&first));
    CHECK_EQUAL(0, media_init(test, &second, ADK_ROLE_RECEIVER, LOCAL_PORT, NULL));
    CHECK_EQUAL(0, adk_transport_close(&second));
    media_close(test);
}

TEST(closing_a_poller_twice_or_one_that_was_never_initialised_is_harmless)
{
    test_media_t *test = media_open();
    aeron_udp_transport_poller_t never = { 0 };

    media_close_pollers(test);
    media_close_pollers(test);
    CHECK_EQUAL(0, adk_poller_close(&never));
    media_close(test);
}

TEST(a_stack_made_for_other_threads_than_the_drivers_is_refused)
{
    test_media_t *test = media_open();
    aeron_udp_transport_poller_t poller = { 0 };

    CHECK_EQUAL(0, aeron_driver_context_set_threading_mode(test->context, AERON_THREADING_MODE_SHARED));
    CHECK_EQUAL(-1, adk_poller_init(&poller, test->context, AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER));
    CHECK(NULL != strstr(aeron_errmsg(), "threading mode"));
    aeron_err_clear();
    CHECK_EQUAL(0, adk_poller_close(&poller));
    media_close(test);
}

typedef struct search_stct
{
    int32_t type_id;
    const char *words;
    int found;
    int64_t value;
    test_media_t *test;
} search_t;

static void compare_counter(
    int32_t id,
    int32_t type_id,
    const uint8_t *key,
    size_t key_length,
    const uint8_t *label,
    size_t length,
    void *clientd)
{
    search_t *search = clientd;
    (void)key;
    (void)key_length;
    if (type_id == search->type_id && NULL != memmem(label, length, search->words, strlen(search->words)))
    {
        search->found++;
        search->value = *aeron_counters_manager_addr(&search->test->counters, id);
    }
}

static int64_t counter_value(test_media_t *test, int32_t type_id, const char *words)
{
    search_t search = { .type_id = type_id, .words = words, .test = test };
    aeron_counters_reader_foreach_metadata(
        test->counters_metadata, MEDIA_COUNTERS * AERON_COUNTERS_MANAGER_METADATA_LENGTH, compare_counter, &search);
    if (1 != search.found)
    {
        fprintf(stderr, "%d counters of type %d with \"%s\"\n", search.found, type_id, words);
        exit(EXIT_FAILURE);
    }
    return search.value;
}

TEST(counts_are_aeron_counters_under_the_types_reserved_for_dpdk)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t good = frame_of(100);
    frame_t strange = frame_of(100);

    put16(strange.bytes + AT_ETHERTYPE, 0x88b5);
    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    ring_port_put(&test->port, &good);
    ring_port_put(&test->port, &strange);
    CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
    adk_counters_publish(&test->media);

    CHECK_EQUAL(2, counter_value(test, AERON_COUNTER_DPDK_PKTS_TYPE_ID, "dpdk-rx-packets"));
    CHECK_EQUAL(284, counter_value(test, AERON_COUNTER_DPDK_BYTES_TYPE_ID, "dpdk-rx-bytes"));
    CHECK_EQUAL(1, counter_value(test, AERON_COUNTER_DPDK_RX_UNSUPPORTED_ETHERNET_TYPE_TYPE_ID, "dpdk-rx-ethertype"));
    CHECK_EQUAL(1, counter_value(test, AERON_COUNTER_DPDK_PORT_INFO_TYPE_ID, "02:00:00:00:00:05 mtu=1500"));
    CHECK_EQUAL(1, counter_value(test, AERON_COUNTER_DPDK_POLLER_TYPE_ID, "receiver"));
    CHECK_EQUAL(0, counter_value(test, AERON_COUNTER_DPDK_POLLER_TYPE_ID, "sender"));
    CHECK_EQUAL(1, counter_value(test, AERON_COUNTER_DPDK_TRANSPORT_TYPE_ID, "receiver 10.0.0.5:40123"));
    CHECK_EQUAL(test->port.rx_mbufs, counter_value(test, AERON_COUNTER_DPDK_MEMPOOL_AVAILABLE_TYPE_ID, ": rx"));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}
