#include "load/traffic.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "aeronc.h"
#include "port/error.h"

#define MESSAGE_LENGTH_MAX (1024)
#define FRAGMENTS_PER_POLL (256)
#define TICK_US (1000)

/* Set by the client conductor's thread. */
static _Atomic bool is_failed;

typedef struct adk_traffic_stct
{
    aeron_context_t *context;
    aeron_t *client;
    aeron_publication_t *publication;
    aeron_subscription_t *subscription;
} adk_traffic_t;

static int fail(const char *step)
{
    adk_set_error(aeron_errcode(), "%s: %s", step, aeron_errmsg());
    return -1;
}

/* Aeron's default handler would end the process. */
static void on_client_error(void *clientd, int code, const char *message)
{
    (void)clientd;
    (void)code;
    (void)message;
    is_failed = true;
}

static void on_fragment(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    (void)clientd;
    (void)buffer;
    (void)length;
    (void)header;
}

static int connect_client(adk_traffic_t *traffic, const char *aeron_dir)
{
    if (aeron_context_init(&traffic->context) < 0 ||
        aeron_context_set_dir(traffic->context, aeron_dir) < 0 ||
        aeron_context_set_error_handler(traffic->context, on_client_error, NULL) < 0 ||
        aeron_init(&traffic->client, traffic->context) < 0 ||
        aeron_start(traffic->client) < 0)
    {
        return fail("client");
    }
    return 0;
}

static int add_streams(adk_traffic_t *traffic, const adk_traffic_settings_t *settings)
{
    aeron_async_add_publication_t *publication = NULL;
    aeron_async_add_subscription_t *subscription = NULL;
    int result = aeron_async_add_subscription(
        &subscription, traffic->client, settings->in_channel, settings->stream_id, NULL, NULL, NULL, NULL);

    while (0 == result)
    {
        (void)usleep(TICK_US);
        result = aeron_async_add_subscription_poll(&traffic->subscription, subscription);
    }
    if (result < 0)
    {
        return fail(settings->in_channel);
    }

    result = aeron_async_add_publication(&publication, traffic->client, settings->out_channel, settings->stream_id);
    while (0 == result)
    {
        (void)usleep(TICK_US);
        result = aeron_async_add_publication_poll(&traffic->publication, publication);
    }
    return result < 0 ? fail(settings->out_channel) : 0;
}

/* Returns when the driver is gone. */
static int exchange(adk_traffic_t *traffic, const adk_traffic_settings_t *settings)
{
    uint8_t message[MESSAGE_LENGTH_MAX] = { 0 };
    const size_t length = settings->message_length;

    while (!is_failed)
    {
        for (uint32_t i = 0; i < settings->messages_per_ms; i++)
        {
            (void)aeron_publication_offer(traffic->publication, message, length, NULL, NULL);
        }
        if (aeron_subscription_poll(traffic->subscription, on_fragment, NULL, FRAGMENTS_PER_POLL) < 0)
        {
            return fail("poll");
        }
        (void)usleep(TICK_US);
    }
    adk_set_error(ECONNRESET, "the driver of %s is gone", settings->aeron_dir);
    return -1;
}

int adk_traffic_run(const adk_traffic_settings_t *settings)
{
    adk_traffic_t traffic = { 0 };

    if (settings->message_length > MESSAGE_LENGTH_MAX)
    {
        adk_set_error(EINVAL, "message length %u: at most %d bytes", settings->message_length, MESSAGE_LENGTH_MAX);
        return -1;
    }
    int result = connect_client(&traffic, settings->aeron_dir);
    if (0 == result)
    {
        result = add_streams(&traffic, settings);
    }
    if (0 == result)
    {
        result = exchange(&traffic, settings);
    }
    (void)aeron_close(traffic.client);
    (void)aeron_context_close(traffic.context);
    return result;
}
