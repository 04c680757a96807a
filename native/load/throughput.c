#include <errno.h>

#include "load/message.h"
#include "load/stream.h"
#include "load/window.h"
#include "port/error.h"

/* Claims between two turns: enough for the few datagrams that a turn sends, not so many that the driver waits. */
#define ADK_THROUGHPUT_CLAIMS_PER_TURN (128)
#define ADK_THROUGHPUT_FRAGMENT_LIMIT (256)
/* A result needs at least a tenth of the requested time. */
#define ADK_THROUGHPUT_SHORTEST_PART (10)

typedef struct adk_subscriber_stct
{
    adk_load_t *load;
    adk_stream_t stream;
    size_t message_length;
    int64_t sequence;                 /* of the next message; also the number of messages so far */
    bool is_ended;
    bool is_wrong;
} adk_subscriber_t;

static int publish_some(adk_stream_t *stream, size_t message_length, int64_t *sequence)
{
    for (int i = 0; i < ADK_THROUGHPUT_CLAIMS_PER_TURN; i++)
    {
        aeron_buffer_claim_t claim;
        const int claimed = adk_stream_claim(stream, message_length, &claim);

        if (claimed <= 0)
        {
            return claimed;
        }

        adk_message_write(claim.data, message_length, (*sequence)++);
        (void)aeron_buffer_claim_commit(&claim);
    }

    return 0;
}

static int publish_until(
    adk_stream_t *stream, adk_load_t *load, size_t message_length, int64_t end_ns, int64_t *sequence)
{
    while (aeron_nano_clock() < end_ns)
    {
        if (publish_some(stream, message_length, sequence) < 0 || adk_load_turn(load) < 0)
        {
            return -1;
        }
    }

    return 0;
}

/* For the warm-up, the measured time, and as long as the subscriber may be late. */
static int publish(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    const size_t length = phase->message_length;
    adk_window_t window;
    int64_t sequence = 0;

    if (publish_until(stream, load, length, aeron_nano_clock() + phase->warmup_ns, &sequence) < 0)
    {
        return -1;
    }

    const int64_t start_ns = aeron_nano_clock();
    const int64_t start_sequence = sequence;
    adk_window_open(&window, load);
    const int outcome = publish_until(stream, load, length, start_ns + phase->duration_ns, &sequence);
    adk_window_close(&window, result);
    result->messages = (uint64_t)(sequence - start_sequence);
    result->bytes = result->messages * length;
    result->elapsed_ns = aeron_nano_clock() - start_ns;

    return outcome < 0 ? -1 : publish_until(stream, load, length, aeron_nano_clock() + ADK_LOAD_LATE_NS, &sequence);
}

int adk_load_publish(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_stream_t stream;
    int outcome = -1;

    memset(result, 0, sizeof(*result));
    if (adk_stream_open(&stream, load, phase) == 0 && publish(&stream, load, phase, result) == 0)
    {
        outcome = adk_stream_end(&stream, load, phase->message_length);
    }

    adk_stream_close(&stream);
    return outcome;
}

static void on_message(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    adk_subscriber_t *subscriber = (adk_subscriber_t *)clientd;

    (void)header;
    if (adk_message_matches(buffer, length, subscriber->message_length, subscriber->sequence))
    {
        subscriber->sequence++;
    }
    else if (adk_message_matches(buffer, length, subscriber->message_length, ADK_MESSAGE_END))
    {
        subscriber->is_ended = true;
    }
    else
    {
        subscriber->is_wrong = true;
    }
}

/* Reads until a message arrives at end_ns or later: then 1; or 0 at the end of the stream. */
static int read_until(adk_subscriber_t *subscriber, int64_t end_ns, int64_t *now_ns)
{
    for (uint32_t turns = 1; !subscriber->is_ended; turns++)
    {
        if (adk_load_turn(subscriber->load) < 0)
        {
            return -1;
        }

        const int fragments = aeron_subscription_poll(
            subscriber->stream.subscription, on_message, subscriber, ADK_THROUGHPUT_FRAGMENT_LIMIT);
        if (fragments > 0)
        {
            *now_ns = aeron_nano_clock();
        }
        if (subscriber->is_wrong)
        {
            adk_set_error(EBADMSG, "message %lld differs from what was sent", (long long)subscriber->sequence);
            return -1;
        }
        if (fragments > 0 && *now_ns >= end_ns)
        {
            return 1;
        }
        if (0 == turns % ADK_LOAD_TURNS_PER_STALL_CHECK &&
            adk_load_wait_turn(subscriber->load, *now_ns + ADK_LOAD_STALL_TIMEOUT_NS, "a message") < 0)
        {
            return -1;
        }
    }

    return 0;
}

static int count(adk_subscriber_t *subscriber, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_window_t window;
    int64_t now_ns = aeron_nano_clock();
    int outcome = read_until(subscriber, now_ns, &now_ns);

    if (outcome > 0)
    {
        outcome = read_until(subscriber, now_ns + phase->warmup_ns, &now_ns);
    }
    const int64_t start_ns = now_ns;
    const int64_t start_sequence = subscriber->sequence;
    if (outcome > 0)
    {
        adk_window_open(&window, subscriber->load);
        outcome = read_until(subscriber, start_ns + phase->duration_ns, &now_ns);
        adk_window_close(&window, result);
    }
    if (outcome < 0)
    {
        return -1;
    }
    /* A subscriber that was not scheduled for long sees the end early. A shorter time will do, if there is any. */
    if (0 == outcome && now_ns - start_ns < phase->duration_ns / ADK_THROUGHPUT_SHORTEST_PART)
    {
        adk_set_error(
            ENODATA,
            "the stream ended after %lld messages, before the measured time was over",
            (long long)subscriber->sequence);
        return -1;
    }

    result->messages = (uint64_t)(subscriber->sequence - start_sequence);
    result->bytes = result->messages * subscriber->message_length;
    result->elapsed_ns = now_ns - start_ns;
    return 0 == outcome ? 0 : read_until(subscriber, INT64_MAX, &now_ns);
}

int adk_load_subscribe(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_subscriber_t subscriber = { .load = load, .message_length = phase->message_length };
    int outcome = -1;

    memset(result, 0, sizeof(*result));
    if (adk_stream_open(&subscriber.stream, load, phase) == 0)
    {
        outcome = count(&subscriber, phase, result);
    }

    adk_stream_close(&subscriber.stream);
    return outcome;
}
