/* Aeron's side of the bindings without its driver: a real context with counters and error log, and two real pollers. */
#ifndef ADK_TESTS_MEDIA_H
#define ADK_TESTS_MEDIA_H

#include "aeron_alloc.h"
#include "ring_port.h"
#include "transport/counters.h"

#define MEDIA_COUNTERS (1024)
#define DELIVERIES_MAX (512)

/* One call of the receive function, whose clientd is the deliveries. */
typedef struct delivery_stct
{
    aeron_udp_channel_data_paths_t *data_paths;
    aeron_udp_channel_transport_t *transport;
    void *endpoint_clientd;
    void *destination_clientd;
    struct sockaddr_in source; /* of an IPv4 peer; family 0 otherwise */
    struct sockaddr_in6 source6; /* of an IPv6 peer; likewise */
    bool has_timestamp;
    struct timespec timestamp;
    size_t length;
    uint8_t bytes[9216];
} delivery_t;

typedef struct deliveries_stct
{
    int count;
    delivery_t list[DELIVERIES_MAX];
} deliveries_t;

typedef struct test_media_stct
{
    ring_port_t port;
    adk_media_t media;
    aeron_driver_context_t *context;
    aeron_counters_manager_t counters;
    aeron_system_counters_t system_counters;
    aeron_distinct_error_log_t error_log;
    void *counters_metadata;
    void *counters_values;
    void *error_buffer;
    aeron_udp_transport_poller_t pollers[2];
    deliveries_t *deliveries;
} test_media_t;

static inline void record_delivery(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *addr,
    struct timespec *media_timestamp)
{
    deliveries_t *deliveries = clientd;
    CHECK(deliveries->count < DELIVERIES_MAX);
    delivery_t *delivery = &deliveries->list[deliveries->count++];

    CHECK(length <= sizeof(delivery->bytes));
    CHECK(AF_INET == addr->ss_family || AF_INET6 == addr->ss_family);
    *delivery = (delivery_t){
        .data_paths = data_paths,
        .transport = transport,
        .endpoint_clientd = endpoint_clientd,
        .destination_clientd = destination_clientd,
        .has_timestamp = NULL != media_timestamp,
        .timestamp = NULL != media_timestamp ? *media_timestamp : (struct timespec){ 0 },
        .length = length,
    };
    if (AF_INET6 == addr->ss_family)
    {
        delivery->source6 = *(struct sockaddr_in6 *)addr;
    }
    else
    {
        delivery->source = *(struct sockaddr_in *)addr;
    }
    memcpy(delivery->bytes, buffer, length);
    /* As Aeron may: it writes into the bytes it is given, for time stamps and decryption. */
    memset(buffer, 0xa5, length);
}

static inline void check_payload(const delivery_t *delivery, uint32_t length)
{
    CHECK_EQUAL(length, delivery->length);
    for (uint32_t i = 0; i < length; i++)
    {
        CHECK_EQUAL(payload_byte(i), delivery->bytes[i]);
    }
}

static inline void media_open_context(test_media_t *test, aeron_threading_mode_t threading_mode)
{
    const size_t metadata_length = MEDIA_COUNTERS * AERON_COUNTERS_MANAGER_METADATA_LENGTH;
    const size_t values_length = MEDIA_COUNTERS * AERON_COUNTERS_MANAGER_VALUE_LENGTH;

    CHECK_EQUAL(0, aeron_driver_context_init(&test->context));
    CHECK_EQUAL(0, aeron_driver_context_set_threading_mode(test->context, threading_mode));
    CHECK_EQUAL(0, aeron_alloc(&test->counters_metadata, metadata_length));
    CHECK_EQUAL(0, aeron_alloc(&test->counters_values, values_length));
    CHECK_EQUAL(0, aeron_alloc(&test->error_buffer, 1 << 16));
    CHECK_EQUAL(
        0,
        aeron_counters_manager_init(
            &test->counters,
            test->counters_metadata,
            metadata_length,
            test->counters_values,
            values_length,
            test->context->cached_clock,
            0));
    CHECK_EQUAL(0, aeron_system_counters_init(&test->system_counters, &test->counters));
    CHECK_EQUAL(0, aeron_distinct_error_log_init(&test->error_log, test->error_buffer, 1 << 16, aeron_epoch_clock));
    test->context->counters_manager = &test->counters;
    test->context->system_counters = &test->system_counters;
    test->context->error_log = &test->error_log;
    aeron_driver_context_bindings_clientd_get_or_find_first_free_entry(test->context, ADK_BINDINGS_NAME)->clientd =
        &test->media;
}

static inline test_media_t *media_open_on(ring_port_t port, aeron_threading_mode_t threading_mode)
{
    test_media_t *test = calloc(1, sizeof(*test));

    test->port = port;
    test->media.stack = test->port.stack;
    test->deliveries = calloc(1, sizeof(*test->deliveries));
    media_open_context(test, threading_mode);
    CHECK_EQUAL(
        0,
        adk_poller_init(&test->pollers[ADK_ROLE_SENDER], test->context, AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER));
    CHECK_EQUAL(
        0,
        adk_poller_init(
            &test->pollers[ADK_ROLE_RECEIVER], test->context, AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER));
    return test;
}

static inline test_media_t *media_open_with(adk_settings_t settings, aeron_threading_mode_t threading_mode)
{
    settings.threads_shared = AERON_THREADING_MODE_DEDICATED != threading_mode;
    return media_open_on(ring_port_with(settings, RING_PORT_QUEUES_MAX, 1024), threading_mode);
}

static inline test_media_t *media_open(void)
{
    return media_open_with(ring_settings(), AERON_THREADING_MODE_DEDICATED);
}

static inline void media_close_pollers(test_media_t *test)
{
    CHECK_EQUAL(0, adk_poller_close(&test->pollers[ADK_ROLE_SENDER]));
    CHECK_EQUAL(0, adk_poller_close(&test->pollers[ADK_ROLE_RECEIVER]));
}

/* In the order of adk_driver_close(). */
static inline void media_close(test_media_t *test)
{
    media_close_pollers(test);
    aeron_system_counters_close(&test->system_counters);
    aeron_distinct_error_log_close(&test->error_log);
    aeron_counters_manager_close(&test->counters);
    adk_counters_close(&test->media);
    CHECK_EQUAL(0, aeron_driver_context_close(test->context));
    ring_port_close(&test->port);
    aeron_free(test->counters_metadata);
    aeron_free(test->counters_values);
    aeron_free(test->error_buffer);
    free(test->deliveries);
    free(test);
}

static inline struct sockaddr_storage address_of(uint32_t ipv4, uint16_t udp_port)
{
    struct sockaddr_storage storage = { 0 };
    *(struct sockaddr_in *)&storage = (struct sockaddr_in){ .sin_family = AF_INET,
                                                            .sin_addr.s_addr = rte_cpu_to_be_32(ipv4),
                                                            .sin_port = rte_cpu_to_be_16(udp_port) };
    return storage;
}

/* adk_transport_init() for the thread of a role. A group has an interface; interface and peer may be NULL. */
static inline int media_init_with(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    enum adk_role_en role,
    struct sockaddr_storage bind_address,
    struct sockaddr_storage *interface,
    struct sockaddr_storage *peer,
    aeron_udp_channel_transport_params_t params)
{
    return adk_transport_init(
        transport,
        &bind_address,
        interface,
        peer,
        &params,
        test->context,
        ADK_ROLE_SENDER == role ? AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER
                                : AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER);
}

static inline int media_init_at(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    enum adk_role_en role,
    struct sockaddr_storage bind_address,
    struct sockaddr_storage *interface)
{
    const aeron_udp_channel_transport_params_t params = { .mtu_length = 1408 };
    return media_init_with(test, transport, role, bind_address, interface, NULL, params);
}

/* At udp_port, which may be 0; connected to peer unless peer is NULL. */
static inline int media_init(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    enum adk_role_en role,
    uint16_t udp_port,
    struct sockaddr_storage *peer)
{
    const aeron_udp_channel_transport_params_t params = { .mtu_length = 1408 };
    return media_init_with(test, transport, role, address_of(LOCAL_IPV4, udp_port), NULL, peer, params);
}

/* Initialised and polled, like a channel in use. */
static inline void media_add(
    test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role, uint16_t udp_port)
{
    CHECK_EQUAL(0, media_init(test, transport, role, udp_port, NULL));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[role], transport));
}

/* Likewise, of a channel that asks for the time at which each datagram came. */
static inline void media_add_with_timestamps(test_media_t *test, aeron_udp_channel_transport_t *transport)
{
    const aeron_udp_channel_transport_params_t params = { .mtu_length = 1408, .is_media_timestamping = true };
    const struct sockaddr_storage bind_address = address_of(LOCAL_IPV4, LOCAL_PORT);

    CHECK_EQUAL(0, media_init_with(test, transport, ADK_ROLE_RECEIVER, bind_address, NULL, NULL, params));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[ADK_ROLE_RECEIVER], transport));
}

static inline int media_poll_bytes(test_media_t *test, enum adk_role_en role, int64_t *bytes)
{
    struct mmsghdr message = { 0 };
    return adk_poller_poll(
        &test->pollers[role], &message, 1, bytes, record_delivery, adk_transport_recvmmsg, test->deliveries);
}

static inline int media_poll(test_media_t *test, enum adk_role_en role)
{
    int64_t bytes = 0;
    return media_poll_bytes(test, role, &bytes);
}

#endif
