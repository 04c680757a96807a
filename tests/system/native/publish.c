/* Publishes --messages on every (channel, stream) in turn and reports what it sent. */
#include "client.h"

typedef struct outlet_stct
{
    aeron_t *client;
    aeron_async_add_publication_t *adding_shared;
    aeron_async_add_exclusive_publication_t *adding_exclusive;
    aeron_publication_t *shared;
    aeron_exclusive_publication_t *exclusive;
    const char *channel;
    int32_t stream_id;
    int32_t session_id;
    bool is_connected;
    uint64_t messages;
    uint64_t bytes;
    uint64_t digest;
    int64_t position;
} outlet_t;

static void outlet_begin(outlet_t *outlet, aeron_t *client, const options_t *options)
{
    outlet->client = client;
    if (options->is_exclusive)
    {
        outlet->adding_exclusive = client_begin_exclusive_publication(client, outlet->channel, outlet->stream_id);
    }
    else
    {
        outlet->adding_shared = client_begin_publication(client, outlet->channel, outlet->stream_id);
    }
}

static void outlet_open(outlet_t *outlet, aeron_t *client, const options_t *options)
{
    aeron_publication_constants_t constants;

    if (options->is_exclusive)
    {
        outlet->exclusive = client_await_exclusive_publication(outlet->adding_exclusive);
        aeron_exclusive_publication_constants(outlet->exclusive, &constants);
    }
    else
    {
        outlet->shared = client_await_publication(outlet->adding_shared);
        aeron_publication_constants(outlet->shared, &constants);
    }

    outlet->session_id = constants.session_id;
    outlet->digest = DIGEST_START;

    for (size_t i = 0; i < options->destination_count; i++)
    {
        aeron_async_destination_t *async = NULL;
        const char *uri = options->destinations[i];
        const int added = NULL != outlet->exclusive
            ? aeron_exclusive_publication_async_add_destination(&async, client, outlet->exclusive, uri)
            : aeron_publication_async_add_destination(&async, client, outlet->shared, uri);
        client_await_destination(added, async);
    }
}

static bool outlet_has_subscriber(const outlet_t *outlet)
{
    return NULL != outlet->exclusive ? aeron_exclusive_publication_is_connected(outlet->exclusive)
                                     : aeron_publication_is_connected(outlet->shared);
}

static int64_t outlet_offer(const outlet_t *outlet, const uint8_t *buffer, size_t length)
{
    return NULL != outlet->exclusive ? aeron_exclusive_publication_offer(outlet->exclusive, buffer, length, NULL, NULL)
                                     : aeron_publication_offer(outlet->shared, buffer, length, NULL, NULL);
}

static void outlet_note_connection(outlet_t *outlet)
{
    const bool is_connected = outlet_has_subscriber(outlet);
    if (is_connected != outlet->is_connected)
    {
        outlet->is_connected = is_connected;
        printf(
            "{\"event\":\"%s\",\"stream_id\":%d,\"messages\":%llu}\n",
            is_connected ? "connected" : "disconnected",
            outlet->stream_id,
            (unsigned long long)outlet->messages);
        fflush(stdout);
    }
}

static void outlets_report(const outlet_t *outlets, size_t count, const char *event)
{
    printf("{\"event\":\"%s\",\"publications\":[", event);
    for (size_t i = 0; i < count; i++)
    {
        char address[AERON_CLIENT_MAX_LOCAL_ADDRESS_STR_LEN] = "";
        aeron_iovec_t iov = { .iov_base = (uint8_t *)address, .iov_len = sizeof(address) };
        if (NULL != outlets[i].exclusive)
        {
            aeron_exclusive_publication_local_sockaddrs(outlets[i].exclusive, &iov, 1);
        }
        else
        {
            aeron_publication_local_sockaddrs(outlets[i].shared, &iov, 1);
        }

        printf("%s{\"channel\":", 0 == i ? "" : ",");
        report_string(outlets[i].channel);
        printf(
            ",\"stream_id\":%d,\"session_id\":%d,\"local\":\"%s\",\"messages\":%llu,\"bytes\":%llu,"
            "\"digest\":\"%016llx\",\"position\":%lld}",
            outlets[i].stream_id,
            outlets[i].session_id,
            address,
            (unsigned long long)outlets[i].messages,
            (unsigned long long)outlets[i].bytes,
            (unsigned long long)outlets[i].digest,
            (long long)outlets[i].position);
    }
    printf("]}\n");
    fflush(stdout);
}

static void outlets_await_subscribers(outlet_t *outlets, size_t count, deadline_t *deadline)
{
    size_t connected = 0;

    while (connected < count && !client_is_stopped)
    {
        connected = 0;
        for (size_t i = 0; i < count; i++)
        {
            outlet_note_connection(&outlets[i]);
            connected += outlets[i].is_connected ? 1 : 0;
        }
        if (deadline_is_over(deadline))
        {
            outlets_report(outlets, count, "no subscriber");
            exit(EXIT_NO_PROGRESS);
        }
        client_sleep_us(1000);
    }
}

static const char *refusal(int64_t result)
{
    switch (result)
    {
        case AERON_PUBLICATION_NOT_CONNECTED:
            return "not connected";
        case AERON_PUBLICATION_CLOSED:
            return "closed";
        case AERON_PUBLICATION_MAX_POSITION_EXCEEDED:
            return "max position exceeded";
        default:
            return aeron_errmsg();
    }
}

static void outlet_fail(const outlet_t *outlet, int64_t result)
{
    char message[512];
    snprintf(message, sizeof(message), "%s", refusal(result));

    /* A client that gives up first closes its publications and then says why, so that it gets to say it. */
    aeron_close(outlet->client);
    report_error("offer", (int)result, message);
    exit(EXIT_AERON_ERROR);
}

/* Offers one message until it is accepted. */
static void outlet_send(outlet_t *outlet, const options_t *options, uint8_t *buffer, deadline_t *deadline)
{
    const size_t length = content_fill(&options->content, outlet->messages, buffer);

    while (!client_is_stopped)
    {
        const int64_t result = outlet_offer(outlet, buffer, length);
        if (result > 0)
        {
            outlet->messages++;
            outlet->bytes += length;
            outlet->digest = digest_message(outlet->digest, buffer, length);
            outlet->position = result;
            deadline_progressed(deadline);
            return;
        }

        const bool is_worth_waiting = AERON_PUBLICATION_BACK_PRESSURED == result ||
            AERON_PUBLICATION_ADMIN_ACTION == result ||
            (AERON_PUBLICATION_NOT_CONNECTED == result && options->is_patient);
        outlet_note_connection(outlet);

        if (!is_worth_waiting)
        {
            outlet_fail(outlet, result);
        }
        if (deadline_is_over(deadline))
        {
            outlets_report(outlet, 1, "stuck");
            exit(EXIT_NO_PROGRESS);
        }
        client_sleep_us(AERON_PUBLICATION_NOT_CONNECTED == result ? 1000 : 50);
    }
}

static outlet_t *outlets_open(aeron_t *client, const options_t *options, size_t count)
{
    outlet_t *outlets = calloc(count, sizeof(outlet_t));

    for (size_t i = 0; i < count; i++)
    {
        outlets[i].channel = options->channels[i / (size_t)options->stream_count];
        outlets[i].stream_id = options->stream_id + (int32_t)(i % (size_t)options->stream_count);
        outlet_begin(&outlets[i], client, options);
    }
    for (size_t i = 0; i < count; i++)
    {
        outlet_open(&outlets[i], client, options);
    }
    return outlets;
}

int main(int argc, char **argv)
{
    const options_t options = options_parse(argc, argv);
    const size_t count = options.channel_count * (size_t)options.stream_count;
    aeron_t *client = client_open(&options);
    aeron_context_t *context = aeron_context(client);
    uint8_t *buffer = malloc(options.content.max_length);
    outlet_t *outlets = outlets_open(client, &options, count);

    outlets_report(outlets, count, "ready");
    deadline_t deadline = deadline_start(options.timeout_ms);
    outlets_await_subscribers(outlets, count, &deadline);

    for (uint64_t sent = 0; sent < options.messages && !client_is_stopped; sent++)
    {
        for (size_t i = 0; i < count; i++)
        {
            outlet_send(&outlets[i], &options, buffer, &deadline);
            outlet_note_connection(&outlets[i]);
        }
        if (0 != options.interval_us)
        {
            client_sleep_us(options.interval_us);
        }
    }

    outlets_report(outlets, count, "done");
    aeron_close(client);
    aeron_context_close(context);
    free(outlets);
    free(buffer);
    return 0;
}
