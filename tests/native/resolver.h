/* A name resolver's transport, and what it hears: frames as Aeron's resolver sends them, of either family. */
#ifndef ADK_TESTS_RESOLVER_H
#define ADK_TESTS_RESOLVER_H

#include "media.h"
#include "protocol/aeron_udp_protocol.h"

typedef struct test_resolver_stct
{
    test_media_t *media;
    aeron_udp_channel_transport_t transport;
    aeron_udp_transport_poller_t poller;
} test_resolver_t;

static int heard;
static size_t heard_length;
static struct sockaddr_storage heard_from;

/* One entry of IPv4, whose name fills the frame. With another name length than whole_name_length() it is not whole. */
static inline void write_resolution(uint8_t *payload, int16_t name_length)
{
    uint8_t *entry = payload + sizeof(aeron_frame_header_t);

    entry[offsetof(aeron_resolution_header_t, res_type)] = AERON_RES_HEADER_TYPE_NAME_TO_IP4_MD;
    memcpy(entry + offsetof(aeron_resolution_header_ipv4_t, name_length), &name_length, sizeof(name_length));
}

static inline int16_t whole_name_length(uint32_t payload_length)
{
    return (int16_t)(payload_length - sizeof(aeron_frame_header_t) - sizeof(aeron_resolution_header_ipv4_t));
}

static inline frame_t resolution_of(uint32_t payload_length, int16_t name_length)
{
    frame_t frame = frame_of(payload_length);
    write_resolution(frame.bytes + AT_PAYLOAD, name_length);
    seal(&frame);
    return frame;
}

static inline void on_heard(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *receiver_clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *address,
    struct timespec *media_timestamp)
{
    (void)data_paths;
    (void)transport;
    (void)receiver_clientd;
    (void)endpoint_clientd;
    (void)destination_clientd;
    (void)media_timestamp;
    if (0 != length)
    {
        const frame_t expected = resolution_of((uint32_t)length, whole_name_length((uint32_t)length));
        CHECK_EQUAL(0, memcmp(buffer, expected.bytes + AT_PAYLOAD, length));
    }
    heard_length = length;
    heard_from = *address;
    heard++;
}

static inline int resolver_init(test_resolver_t *test, struct sockaddr_storage address)
{
    aeron_udp_channel_transport_params_t params = { .mtu_length = 1408 };
    return adk_resolver_bindings.init_func(
        &test->transport,
        &address,
        NULL,
        NULL,
        &params,
        test->media->context,
        AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_CONDUCTOR);
}

static inline void resolver_open(test_resolver_t *test, test_media_t *media, struct sockaddr_storage address)
{
    *test = (test_resolver_t){ .media = media };
    heard = 0;
    CHECK_EQUAL(0, resolver_init(test, address));
    CHECK_EQUAL(
        0,
        adk_resolver_bindings.poller_init_func(
            &test->poller, media->context, AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_CONDUCTOR));
}

static inline void resolver_start(test_resolver_t *test)
{
    CHECK_EQUAL(0, adk_resolver_bindings.poller_add_func(&test->poller, &test->transport));
}

static inline void resolver_close(test_resolver_t *test)
{
    CHECK_EQUAL(0, adk_resolver_bindings.poller_close_func(&test->poller));
    CHECK_EQUAL(0, adk_resolver_bindings.close_func(&test->transport));
    media_close(test->media);
}

static inline int resolver_look(test_resolver_t *test, int64_t *bytes)
{
    return adk_resolver_bindings.poller_poll_func(&test->poller, NULL, 0, bytes, on_heard, NULL, NULL);
}

#endif
