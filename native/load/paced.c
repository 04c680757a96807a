/*
 * An echo at a fixed rate. Each message has a time at which it is due, whether or not it can be sent then, and its
 * latency counts from there: a stall is charged to every message that it delays, so there is no coordinated omission
 * (as HdrHistogram's author calls it).
 */
#include <errno.h>

#include "load/echo.h"
#include "load/message.h"
#include "port/error.h"

#define ADK_PACED_FRAGMENT_LIMIT (64)
/* After a stall many messages are due at once; the replies must be read in between. */
#define ADK_PACED_CLAIMS_PER_TURN (16)
#define ADK_NS_PER_S (INT64_C(1000000000))

typedef struct adk_paced_stct
{
    adk_echo_client_t *client;
    adk_histogram_t *histogram;
    int64_t rate;
    int64_t start_ns;
    int64_t last_ns;
    int64_t total;
    int64_t sent;
    int64_t answered;
} adk_paced_t;

static inline int64_t due_ns(const adk_paced_t *paced, int64_t message)
{
    return paced->start_ns + message / paced->rate * ADK_NS_PER_S + message % paced->rate * ADK_NS_PER_S / paced->rate;
}

static void on_reply(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    adk_paced_t *paced = (adk_paced_t *)clientd;
    adk_echo_client_t *client = paced->client;

    (void)header;
    client->is_wrong |= !adk_message_matches(buffer, length, client->message_length, paced->answered);
    paced->last_ns = aeron_nano_clock();
    adk_histogram_record(paced->histogram, paced->last_ns - due_ns(paced, paced->answered));
    paced->answered++;
}

/* Sends the messages that are due. 0, or -1 when the stream is gone. */
static int send_due(adk_paced_t *paced)
{
    adk_echo_client_t *client = paced->client;
    const int64_t now_ns = aeron_nano_clock();

    for (int i = 0; i < ADK_PACED_CLAIMS_PER_TURN; i++)
    {
        aeron_buffer_claim_t claim;

        if (paced->sent == paced->total || now_ns < due_ns(paced, paced->sent))
        {
            return 0;
        }
        const int claimed = adk_stream_claim(&client->stream, client->message_length, &claim);
        if (claimed <= 0)
        {
            return claimed;
        }
        adk_message_write(claim.data, client->message_length, paced->sent++);
        (void)aeron_buffer_claim_commit(&claim);
    }

    return 0;
}

static int run(adk_paced_t *paced)
{
    adk_echo_client_t *client = paced->client;

    for (uint32_t turns = 1; paced->answered < paced->total; turns++)
    {
        if (send_due(paced) < 0 || adk_load_turn(client->load) < 0)
        {
            return -1;
        }
        (void)aeron_subscription_poll(client->stream.subscription, on_reply, paced, ADK_PACED_FRAGMENT_LIMIT);
        if (client->is_wrong)
        {
            adk_set_error(EBADMSG, "echo %lld differs from what was sent", (long long)paced->answered - 1);
            return -1;
        }
        /* At the lowest rate a reply is due once a second. */
        if (0 == turns % ADK_LOAD_TURNS_PER_STALL_CHECK &&
            adk_load_wait_turn(client->load, paced->last_ns + ADK_LOAD_STALL_TIMEOUT_NS, "an echo") < 0)
        {
            return -1;
        }
    }

    return 0;
}

int adk_echo_measure_paced(
    adk_echo_client_t *client, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram)
{
    const int64_t start_ns = aeron_nano_clock();
    adk_paced_t paced = { .client = client,
                          .histogram = histogram,
                          .rate = phase->rate,
                          .start_ns = start_ns,
                          .last_ns = start_ns,
                          .total = 1 + (int64_t)((double)phase->rate * (double)phase->duration_ns / ADK_NS_PER_S) };

    const int outcome = run(&paced);
    result->messages = (uint64_t)paced.answered;
    result->elapsed_ns = paced.last_ns - start_ns;
    return outcome;
}
