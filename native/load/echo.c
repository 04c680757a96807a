#include <errno.h>

#include "load/message.h"
#include "load/stream.h"
#include "port/error.h"

#define ADK_ECHO_FRAGMENT_LIMIT (10)
/* The clock of a stalled ping is looked at once in so many turns. */
#define ADK_ECHO_TURNS_PER_STALL_CHECK (4096)

typedef struct adk_echo_client_stct
{
    adk_load_t *load;
    adk_stream_t stream;
    size_t message_length;
    int64_t sequence;
    int64_t answered_ns;              /* 0 while the reply is awaited */
    bool is_wrong;
} adk_echo_client_t;

typedef struct adk_echo_server_stct
{
    adk_stream_t stream;
    size_t message_length;
    adk_load_result_t *result;
    bool is_ended;
    bool is_gone;
} adk_echo_server_t;

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
        if (0 == turns % ADK_ECHO_TURNS_PER_STALL_CHECK &&
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

/* The time of a round trip starts before the first attempt to claim: back pressure is part of it. */
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

static int measure(adk_echo_client_t *client, int64_t duration_ns, adk_load_result_t *result)
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
        adk_histogram_record(&client->load->histogram, rtt_ns);
        result->messages++;
        result->bytes += client->message_length;
    }

    result->elapsed_ns = now_ns - start_ns;
    return 0;
}

int adk_load_echo_client(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_echo_client_t client = { .load = load, .message_length = phase->message_length };
    int outcome = -1;

    memset(&load->histogram, 0, sizeof(load->histogram));
    memset(result, 0, sizeof(*result));
    if (adk_stream_open(&client.stream, load, phase) == 0 &&
        warm_up(&client, phase->warmup_ns) == 0 &&
        measure(&client, phase->duration_ns, result) == 0)
    {
        outcome = adk_stream_end(&client.stream, load, phase->message_length);
    }

    adk_stream_close(&client.stream);
    return outcome;
}

/* A claim that flow control puts off aborts the poll: the same fragment comes again with the next one. */
static aeron_controlled_fragment_handler_action_t on_ping(
    void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    adk_echo_server_t *server = (adk_echo_server_t *)clientd;
    aeron_buffer_claim_t claim;

    (void)header;
    if (adk_message_matches(buffer, length, server->message_length, ADK_MESSAGE_END))
    {
        server->is_ended = true;
        return AERON_ACTION_BREAK;
    }

    const int claimed = adk_stream_claim(&server->stream, length, &claim);
    if (claimed <= 0)
    {
        server->is_gone |= claimed < 0;
        return AERON_ACTION_ABORT;
    }

    memcpy(claim.data, buffer, length);
    (void)aeron_buffer_claim_commit(&claim);
    server->result->messages++;
    server->result->bytes += length;
    return AERON_ACTION_CONTINUE;
}

static int serve(adk_echo_server_t *server, adk_load_t *load)
{
    int64_t deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;
    uint64_t messages = 0;

    for (uint32_t turns = 1; !server->is_ended; turns++)
    {
        if (server->is_gone || adk_load_turn(load) < 0)
        {
            return -1;
        }
        (void)aeron_subscription_controlled_poll(server->stream.subscription, on_ping, server, ADK_ECHO_FRAGMENT_LIMIT);
        if (0 != turns % ADK_ECHO_TURNS_PER_STALL_CHECK)
        {
            continue;
        }
        if (messages != server->result->messages)
        {
            messages = server->result->messages;
            deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;
        }
        if (adk_load_wait_turn(load, deadline_ns, "a message to echo") < 0)
        {
            return -1;
        }
    }

    return 0;
}

int adk_load_echo_server(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_echo_server_t server = { .message_length = phase->message_length, .result = result };
    int outcome = -1;

    memset(result, 0, sizeof(*result));
    if (adk_stream_open(&server.stream, load, phase) == 0)
    {
        outcome = serve(&server, load);
    }

    adk_stream_close(&server.stream);
    return outcome;
}
