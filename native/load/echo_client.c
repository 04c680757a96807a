#include <errno.h>

#include "load/echo.h"
#include "load/message.h"
#include "load/window.h"
#include "port/error.h"

#define ADK_ECHO_FRAGMENT_LIMIT (10)

static void on_reply(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    adk_echo_client_t *client = (adk_echo_client_t *)clientd;

    (void)header;
    client->answered_ns = aeron_nano_clock();
    client->is_wrong |= !adk_message_matches(buffer, length, client->message_length, client->sequence);
}

static int await_reply(adk_echo_client_t *client, int64_t sent_ns)
{
    client->answered_ns = 0;

    for (uint32_t turns = 1; 0 == client->answered_ns; turns++)
    {
        if (adk_load_turn(client->load) < 0)
        {
            return -1;
        }
        (void)aeron_subscription_poll(client->stream.subscription, on_reply, client, ADK_ECHO_FRAGMENT_LIMIT);
        if (0 == turns % ADK_LOAD_TURNS_PER_STALL_CHECK &&
            adk_load_wait_turn(client->load, sent_ns + ADK_LOAD_STALL_TIMEOUT_NS, "an echo") < 0)
        {
            return -1;
        }
    }

    if (client->is_wrong)
    {
        adk_set_error(EBADMSG, "echo %lld differs from what was sent", (long long)client->sequence);
        return -1;
    }

    return 0;
}

/* A round trip is timed from before the first attempt to claim, so that it includes back pressure. */
static int ping(adk_echo_client_t *client, int64_t *rtt_ns, int64_t *now_ns)
{
    aeron_buffer_claim_t claim;
    const int64_t sent_ns = aeron_nano_clock();
    int result;

    while (0 == (result = adk_stream_claim(&client->stream, client->message_length, &claim)))
    {
        if (adk_load_wait_turn(client->load, sent_ns + ADK_LOAD_STALL_TIMEOUT_NS, "flow control") < 0)
        {
            return -1;
        }
    }
    if (result < 0)
    {
        return -1;
    }

    adk_message_write(claim.data, client->message_length, ++client->sequence);
    (void)aeron_buffer_claim_commit(&claim);
    if (await_reply(client, sent_ns) < 0)
    {
        return -1;
    }

    *now_ns = client->answered_ns;
    *rtt_ns = client->answered_ns - sent_ns;
    return 0;
}

static int warm_up(adk_echo_client_t *client, int64_t warmup_ns)
{
    aeron_exclusive_publication_t *publication = client->stream.publication;
    const int64_t end_ns = aeron_nano_clock() + warmup_ns;
    int64_t now_ns = 0;
    int64_t rtt_ns;

    while (now_ns < end_ns || aeron_exclusive_publication_position(publication) < client->stream.warmup_position)
    {
        if (ping(client, &rtt_ns, &now_ns) < 0)
        {
            return -1;
        }
    }

    return 0;
}

static int measure(
    adk_echo_client_t *client, int64_t duration_ns, adk_load_result_t *result, adk_histogram_t *histogram)
{
    const int64_t start_ns = aeron_nano_clock();
    int64_t now_ns = start_ns;
    int64_t rtt_ns;

    while (now_ns < start_ns + duration_ns)
    {
        if (ping(client, &rtt_ns, &now_ns) < 0)
        {
            return -1;
        }
        adk_histogram_record(histogram, rtt_ns);
        result->messages++;
    }

    result->elapsed_ns = now_ns - start_ns;
    return 0;
}

static int run(
    adk_echo_client_t *client, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram)
{
    adk_window_t window;

    if (warm_up(client, phase->warmup_ns) < 0)
    {
        return -1;
    }
    adk_window_open(&window, client->load);
    const int outcome = 0 == phase->rate ? measure(client, phase->duration_ns, result, histogram)
                                         : adk_echo_measure_paced(client, phase, result, histogram);
    adk_window_close(&window, result);
    result->bytes = result->messages * phase->message_length;
    return outcome < 0 ? -1 : adk_stream_end(&client->stream, client->load, phase->message_length);
}

int adk_load_echo_client(
    adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram)
{
    adk_echo_client_t client = { .load = load, .message_length = phase->message_length };
    int outcome = -1;

    memset(result, 0, sizeof(*result));
    if (adk_stream_open(&client.stream, load, phase) == 0)
    {
        outcome = run(&client, phase, result, histogram);
    }

    adk_stream_close(&client.stream);
    return outcome;
}
