/* The client of a response channel: sends --messages requests, each after the answer to the previous one. */
#include "client.h"

typedef struct requester_stct
{
    uint64_t digest;
    uint64_t answers;
} requester_t;

static void on_response(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    requester_t *requester = clientd;
    (void)header;
    requester->digest = digest_message(requester->digest, buffer, length);
    requester->answers++;
}

static void give_up_when_over(const deadline_t *deadline, const char *event)
{
    if (deadline_is_over(deadline))
    {
        report_event(event);
        exit(EXIT_NO_PROGRESS);
    }
}

static aeron_publication_t *requests_open(aeron_t *client, const options_t *options, aeron_subscription_t *responses)
{
    aeron_subscription_constants_t constants;
    char channel[1024];

    if (aeron_subscription_constants(responses, &constants) < 0)
    {
        client_fail("subscription");
    }
    snprintf(
        channel,
        sizeof(channel),
        "%s|response-correlation-id=%lld",
        options->channels[0],
        (long long)constants.registration_id);
    return client_await_publication(client_begin_publication(client, channel, options->stream_id));
}

static uint64_t exchange(
    aeron_publication_t *requests, aeron_subscription_t *responses, const options_t *options, requester_t *requester)
{
    uint8_t *buffer = malloc(options->content.max_length);
    uint64_t sent_digest = DIGEST_START;
    deadline_t deadline = deadline_start(options->timeout_ms);

    for (uint64_t i = 0; i < options->messages; i++)
    {
        const size_t length = content_fill(&options->content, i, buffer);
        sent_digest = digest_message(sent_digest, buffer, length);

        while (aeron_publication_offer(requests, buffer, length, NULL, NULL) < 0)
        {
            give_up_when_over(&deadline, "no server");
            client_sleep_us(500);
        }
        while (requester->answers <= i)
        {
            if (0 == aeron_subscription_poll(responses, on_response, requester, 1))
            {
                give_up_when_over(&deadline, "no answer");
                client_sleep_us(200);
            }
        }
        deadline_progressed(&deadline);
    }

    free(buffer);
    return sent_digest;
}

int main(int argc, char **argv)
{
    const options_t options = options_parse(argc, argv);
    aeron_t *client = client_open(&options);
    aeron_context_t *context = aeron_context(client);
    requester_t requester = { .digest = DIGEST_START };

    aeron_subscription_t *responses = client_await_subscription(
        client_begin_subscription(client, options.response_channel, options.stream_id + 1));
    aeron_publication_t *requests = requests_open(client, &options, responses);
    const uint64_t sent_digest = exchange(requests, responses, &options, &requester);

    printf(
        "{\"event\":\"done\",\"answers\":%llu,\"sent_digest\":\"%016llx\",\"received_digest\":\"%016llx\"}\n",
        (unsigned long long)requester.answers,
        (unsigned long long)sent_digest,
        (unsigned long long)requester.digest);
    fflush(stdout);
    aeron_close(client);
    aeron_context_close(context);
    return 0;
}
