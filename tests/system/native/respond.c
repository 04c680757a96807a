/* The server of a response channel: every request is returned to the client that sent it, on --response-channel. */
#include "client.h"

#define RESPONDER_MAX_CLIENTS (8)

typedef struct responder_stct
{
    aeron_t *client;
    const options_t *options;
    aeron_subscription_t *requests;
    size_t count;
    int32_t session_ids[RESPONDER_MAX_CLIENTS];
    aeron_publication_t *responses[RESPONDER_MAX_CLIENTS];
} responder_t;

/* The response publication is tied to the image of the client's requests by that image's correlation id. */
static void responder_meet(responder_t *responder, aeron_image_t *image)
{
    aeron_image_constants_t constants;
    char channel[1024];

    if (aeron_image_constants(image, &constants) < 0)
    {
        client_fail("image");
    }
    for (size_t i = 0; i < responder->count; i++)
    {
        if (responder->session_ids[i] == constants.session_id)
        {
            return;
        }
    }
    if (RESPONDER_MAX_CLIENTS == responder->count)
    {
        report_error("respond", 0, "more clients than RESPONDER_MAX_CLIENTS");
        exit(EXIT_AERON_ERROR);
    }

    snprintf(
        channel,
        sizeof(channel),
        "%s|response-correlation-id=%lld",
        responder->options->response_channel,
        (long long)constants.correlation_id);
    responder->session_ids[responder->count] = constants.session_id;
    responder->responses[responder->count++] = client_await_publication(
        client_begin_publication(responder->client, channel, responder->options->stream_id + 1));
}

static void responder_meet_all(responder_t *responder)
{
    const int count = aeron_subscription_image_count(responder->requests);
    for (int i = 0; i < count; i++)
    {
        aeron_image_t *image = aeron_subscription_image_at_index(responder->requests, (size_t)i);
        if (NULL != image)
        {
            responder_meet(responder, image);
            aeron_subscription_image_release(responder->requests, image);
        }
    }
}

static aeron_controlled_fragment_handler_action_t responder_on_request(
    void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    responder_t *responder = clientd;
    aeron_header_values_t values;
    aeron_header_values(header, &values);

    for (size_t i = 0; i < responder->count; i++)
    {
        if (responder->session_ids[i] == values.frame.session_id)
        {
            return aeron_publication_offer(responder->responses[i], buffer, length, NULL, NULL) > 0
                ? AERON_ACTION_CONTINUE
                : AERON_ACTION_ABORT;
        }
    }
    return AERON_ACTION_ABORT;
}

int main(int argc, char **argv)
{
    const options_t options = options_parse(argc, argv);
    aeron_t *client = client_open(&options);
    aeron_context_t *context = aeron_context(client);
    responder_t responder = { .client = client, .options = &options };

    responder.requests = client_await_subscription(
        client_begin_subscription(client, options.channels[0], options.stream_id));
    report_event("ready");

    while (!client_is_stopped)
    {
        responder_meet_all(&responder);
        if (aeron_subscription_controlled_poll(responder.requests, responder_on_request, &responder, 16) < 1)
        {
            client_sleep_us(500);
        }
    }

    report_event("done");
    aeron_close(client);
    aeron_context_close(context);
    return 0;
}
