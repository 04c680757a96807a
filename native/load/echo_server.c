#include "load/message.h"
#include "load/stream.h"
#include "load/window.h"

#define ADK_ECHO_FRAGMENT_LIMIT (10)

typedef struct adk_echo_server_stct
{
    adk_stream_t stream;
    size_t message_length;
    adk_load_result_t *result;
    adk_window_t window;
    int64_t opened_ns;
    uint64_t messages_before;         /* those that came before the measured time */
    bool is_window_open;
    bool is_ended;
    bool is_gone;
} adk_echo_server_t;

/* If flow control does not allow the claim yet, the poll is aborted: the next poll delivers the fragment again. */
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
    return AERON_ACTION_CONTINUE;
}

/* Measuring starts once every term buffer has been used; if that never happens, nothing was measured. */
static void open_window(adk_echo_server_t *server, const adk_load_t *load)
{
    if (aeron_exclusive_publication_position(server->stream.publication) >= server->stream.warmup_position)
    {
        server->is_window_open = true;
        server->opened_ns = aeron_nano_clock();
        server->messages_before = server->result->messages;
        adk_window_open(&server->window, load);
    }
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
        if (0 != turns % ADK_LOAD_TURNS_PER_STALL_CHECK)
        {
            continue;
        }
        if (!server->is_window_open)
        {
            open_window(server, load);
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

static void close_window(adk_echo_server_t *server)
{
    adk_load_result_t *result = server->result;

    if (server->is_window_open)
    {
        adk_window_close(&server->window, result);
        result->messages -= server->messages_before;
        result->elapsed_ns = aeron_nano_clock() - server->opened_ns;
    }
    result->bytes = result->messages * server->message_length;
}

int adk_load_echo_server(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result)
{
    adk_echo_server_t server = { .message_length = phase->message_length, .result = result };
    int outcome = -1;

    memset(result, 0, sizeof(*result));
    if (adk_stream_open(&server.stream, load, phase) == 0)
    {
        outcome = serve(&server, load);
        close_window(&server);
    }

    adk_stream_close(&server.stream);
    return outcome;
}
