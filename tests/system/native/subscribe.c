/* Receives --messages from --sources images of every (channel, stream) and reports what arrived. */
#include "client.h"

#define INLET_MAX_SOURCES (8)
#define INLET_URI_LENGTH (4096)
#define FRAGMENT_LIMIT (64)

typedef struct source_stct
{
    int32_t session_id;
    char identity[AERON_CLIENT_MAX_LOCAL_ADDRESS_STR_LEN];
    uint64_t messages;
    uint64_t bytes;
    uint64_t digest;
    uint64_t next_index;
    int64_t position;
    int64_t reserved_value; /* of the last message; the time it was received, if the channel asks for that */
} source_t;

typedef struct inlet_stct
{
    aeron_async_add_subscription_t *adding;
    aeron_subscription_t *subscription;
    aeron_fragment_assembler_t *assembler;
    const options_t *options;
    uint8_t *expected;
    const char *channel;
    int32_t stream_id;
    size_t source_count;
    source_t sources[INLET_MAX_SOURCES];
} inlet_t;

static source_t *inlet_source(inlet_t *inlet, int32_t session_id)
{
    for (size_t i = 0; i < inlet->source_count; i++)
    {
        if (inlet->sources[i].session_id == session_id)
        {
            return &inlet->sources[i];
        }
    }
    if (INLET_MAX_SOURCES == inlet->source_count)
    {
        report_error("subscribe", session_id, "more sources than INLET_MAX_SOURCES");
        exit(EXIT_WRONG_CONTENT);
    }

    source_t *source = &inlet->sources[inlet->source_count++];
    source->session_id = session_id;
    source->digest = DIGEST_START;

    aeron_image_constants_t constants;
    aeron_image_t *image = aeron_subscription_image_by_session_id(inlet->subscription, session_id);
    if (NULL != image && 0 == aeron_image_constants(image, &constants))
    {
        snprintf(source->identity, sizeof(source->identity), "%s", constants.source_identity);
        aeron_subscription_image_release(inlet->subscription, image);
    }
    return source;
}

static void source_verify(source_t *source, const inlet_t *inlet, const uint8_t *buffer, size_t length)
{
    const uint64_t index = length < sizeof(uint64_t) ? UINT64_MAX : content_index(buffer);
    const bool is_next = 0 == source->messages || index == source->next_index;
    const bool is_whole = UINT64_MAX != index &&
        length == content_fill(&inlet->options->content, index, inlet->expected) &&
        0 == memcmp(buffer, inlet->expected, length);

    if (!is_next || !is_whole)
    {
        printf(
            "{\"event\":\"wrong\",\"expected\":%llu,\"received\":%llu,\"is_whole\":%s}\n",
            (unsigned long long)source->next_index,
            (unsigned long long)index,
            is_whole ? "true" : "false");
        exit(EXIT_WRONG_CONTENT);
    }
    source->next_index = index + 1;
}

static void inlet_on_message(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    inlet_t *inlet = clientd;
    aeron_header_values_t values;
    aeron_header_values(header, &values);
    source_t *source = inlet_source(inlet, values.frame.session_id);

    if (inlet->options->is_verified)
    {
        source_verify(source, inlet, buffer, length);
    }

    source->messages++;
    source->bytes += length;
    source->digest = digest_message(source->digest, buffer, length);
    source->position = aeron_header_position(header);
    source->reserved_value = values.frame.reserved_value;
}

static void inlet_open(inlet_t *inlet, aeron_t *client)
{
    inlet->subscription = client_await_subscription(inlet->adding);
    inlet->expected = malloc(inlet->options->content.max_length);

    for (size_t i = 0; i < inlet->options->destination_count; i++)
    {
        aeron_async_destination_t *async = NULL;
        const int added = aeron_subscription_async_add_destination(
            &async, client, inlet->subscription, inlet->options->destinations[i]);
        client_await_destination(added, async);
    }
    if (aeron_fragment_assembler_create(&inlet->assembler, inlet_on_message, inlet) < 0)
    {
        client_fail("assembler");
    }
}

static void inlets_open(inlet_t *inlets, size_t count, aeron_t *client, const options_t *options)
{
    for (size_t i = 0; i < count; i++)
    {
        inlets[i].options = options;
        inlets[i].channel = options->channels[i / (size_t)options->stream_count];
        inlets[i].stream_id = options->stream_id + (int32_t)(i % (size_t)options->stream_count);
        inlets[i].adding = client_begin_subscription(client, inlets[i].channel, inlets[i].stream_id);
    }
    for (size_t i = 0; i < count; i++)
    {
        inlet_open(&inlets[i], client);
    }
}

static bool inlet_is_done(const inlet_t *inlet)
{
    size_t complete = 0;
    for (size_t i = 0; i < inlet->source_count; i++)
    {
        complete += inlet->sources[i].messages >= inlet->options->messages ? 1 : 0;
    }
    return complete >= inlet->options->sources;
}

static void inlet_report_addresses(const inlet_t *inlet)
{
    char uri[INLET_URI_LENGTH] = "";
    char text[OPTIONS_MAX_DESTINATIONS][AERON_CLIENT_MAX_LOCAL_ADDRESS_STR_LEN] = { "" };
    aeron_iovec_t addresses[OPTIONS_MAX_DESTINATIONS];

    for (size_t i = 0; i < OPTIONS_MAX_DESTINATIONS; i++)
    {
        addresses[i].iov_base = (uint8_t *)text[i];
        addresses[i].iov_len = sizeof(text[i]);
    }
    const int found = aeron_subscription_local_sockaddrs(inlet->subscription, addresses, OPTIONS_MAX_DESTINATIONS);
    aeron_subscription_try_resolve_channel_endpoint_port(inlet->subscription, uri, sizeof(uri));

    printf(",\"resolved\":");
    report_string(uri);
    printf(",\"local\":[");
    for (int i = 0; i < found && i < OPTIONS_MAX_DESTINATIONS; i++)
    {
        printf("%s\"%s\"", 0 == i ? "" : ",", text[i]);
    }
    printf("]");
}

static void inlets_report(const inlet_t *inlets, size_t count, const char *event)
{
    printf("{\"event\":\"%s\",\"subscriptions\":[", event);
    for (size_t i = 0; i < count; i++)
    {
        const inlet_t *inlet = &inlets[i];
        printf("%s{\"channel\":", 0 == i ? "" : ",");
        report_string(inlet->channel);
        printf(",\"stream_id\":%d", inlet->stream_id);
        inlet_report_addresses(inlet);
        printf(",\"sources\":[");
        for (size_t j = 0; j < inlet->source_count; j++)
        {
            const source_t *source = &inlet->sources[j];
            printf("%s{\"session_id\":%d,\"identity\":", 0 == j ? "" : ",", source->session_id);
            report_string(source->identity);
            printf(
                ",\"messages\":%llu,\"bytes\":%llu,\"digest\":\"%016llx\",\"position\":%lld,\"reserved_value\":%lld}",
                (unsigned long long)source->messages,
                (unsigned long long)source->bytes,
                (unsigned long long)source->digest,
                (long long)source->position,
                (long long)source->reserved_value);
        }
        printf("]}");
    }
    printf("]}\n");
    fflush(stdout);
}

static int inlets_poll(inlet_t *inlets, size_t count)
{
    int fragments = 0;
    for (size_t i = 0; i < count; i++)
    {
        const int polled = aeron_subscription_poll(
            inlets[i].subscription, aeron_fragment_assembler_handler, inlets[i].assembler, FRAGMENT_LIMIT);
        if (polled < 0)
        {
            client_fail("poll");
        }
        fragments += polled;
    }
    return fragments;
}

static bool inlets_are_done(const inlet_t *inlets, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        if (!inlet_is_done(&inlets[i]))
        {
            return false;
        }
    }
    return true;
}

static void inlets_receive(inlet_t *inlets, size_t count, const options_t *options)
{
    deadline_t deadline = deadline_start(options->timeout_ms);
    bool has_begun = false;

    while (!inlets_are_done(inlets, count) && !client_is_stopped)
    {
        if (inlets_poll(inlets, count) > 0)
        {
            deadline_progressed(&deadline);
            if (!has_begun)
            {
                has_begun = true;
                report_event("receiving");
            }
            continue;
        }
        if (deadline_is_over(&deadline) && !options->is_patient)
        {
            inlets_report(inlets, count, "stuck");
            exit(EXIT_NO_PROGRESS);
        }
        client_sleep_us(200);
    }
}

int main(int argc, char **argv)
{
    const options_t options = options_parse(argc, argv);
    const size_t count = options.channel_count * (size_t)options.stream_count;
    aeron_t *client = client_open(&options);
    aeron_context_t *context = aeron_context(client);
    inlet_t *inlets = calloc(count, sizeof(inlet_t));

    inlets_open(inlets, count, client, &options);
    inlets_report(inlets, count, "ready");
    inlets_receive(inlets, count, &options);
    inlets_report(inlets, count, "done");

    aeron_close(client);
    aeron_context_close(context);
    for (size_t i = 0; i < count; i++)
    {
        aeron_fragment_assembler_delete(inlets[i].assembler);
        free(inlets[i].expected);
    }
    free(inlets);
    return 0;
}
