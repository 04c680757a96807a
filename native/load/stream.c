#include "load/stream.h"

#include <errno.h>
#include <string.h>

#include "load/message.h"
#include "port/error.h"
#include "aeron_client_error.h"
#include "util/aeron_error.h"

#define ADK_STREAM_TERMS (3)

/* True, after a turn, if the driver asked to try again: an endpoint of the same address is still being closed. */
static bool may_retry(adk_load_t *load, int64_t deadline_ns)
{
    if (-AERON_ERROR_CODE_RESOURCE_TEMPORARILY_UNAVAILABLE != aeron_errcode())
    {
        return false;
    }
    aeron_err_clear();
    return 0 == adk_load_wait_turn(load, deadline_ns, "the driver to let go of an older channel");
}

static int try_publication(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase, int64_t deadline_ns)
{
    aeron_async_add_exclusive_publication_t *async = NULL;
    int result = aeron_async_add_exclusive_publication(&async, load->client, phase->out_channel, phase->stream_id);

    while (0 == result)
    {
        if (adk_load_wait_turn(load, deadline_ns, "the driver to add the publication") < 0)
        {
            return -1;
        }
        result = aeron_async_add_exclusive_publication_poll(&stream->publication, async);
    }
    return result;
}

/* Returns -1. If the wait itself failed, as by a stop, the error is set already, and Aeron's is empty. */
static int refused(const char *what, const char *channel)
{
    if (0 != aeron_errcode())
    {
        adk_set_error(aeron_errcode(), "cannot %s %s: %s", what, channel, aeron_errmsg());
    }
    return -1;
}

static int add_publication(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase, int64_t deadline_ns)
{
    aeron_publication_constants_t constants;
    int result;

    do
    {
        result = try_publication(stream, load, phase, deadline_ns);
    } while (result < 0 && may_retry(load, deadline_ns));

    if (result < 0 || aeron_exclusive_publication_constants(stream->publication, &constants) < 0)
    {
        return refused("publish on", phase->out_channel);
    }
    if (phase->message_length < ADK_MESSAGE_MIN_LENGTH || phase->message_length > constants.max_payload_length)
    {
        adk_set_error(
            EINVAL,
            "message length %u: it must be between %zu and %zu bytes, a fragment's payload",
            phase->message_length,
            ADK_MESSAGE_MIN_LENGTH,
            constants.max_payload_length);
        return -1;
    }

    stream->warmup_position = (int64_t)constants.term_buffer_length * ADK_STREAM_TERMS;
    return 0;
}

static int try_subscription(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase, int64_t deadline_ns)
{
    aeron_async_add_subscription_t *async = NULL;
    int result = aeron_async_add_subscription(
        &async, load->client, phase->in_channel, phase->stream_id, NULL, NULL, NULL, NULL);

    while (0 == result)
    {
        if (adk_load_wait_turn(load, deadline_ns, "the driver to add the subscription") < 0)
        {
            return -1;
        }
        result = aeron_async_add_subscription_poll(&stream->subscription, async);
    }
    return result;
}

static int add_subscription(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase, int64_t deadline_ns)
{
    int result;

    do
    {
        result = try_subscription(stream, load, phase, deadline_ns);
    } while (result < 0 && may_retry(load, deadline_ns));

    if (result < 0)
    {
        return refused("subscribe to", phase->in_channel);
    }

    return 0;
}

int adk_stream_subscribe(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase)
{
    memset(stream, 0, sizeof(*stream));
    return add_subscription(stream, load, phase, aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS);
}

int adk_stream_open(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase)
{
    const int64_t deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;

    memset(stream, 0, sizeof(*stream));
    if (NULL != phase->in_channel && add_subscription(stream, load, phase, deadline_ns) < 0)
    {
        return -1;
    }
    if (NULL != phase->out_channel && add_publication(stream, load, phase, deadline_ns) < 0)
    {
        return -1;
    }

    while (NULL != stream->publication && !aeron_exclusive_publication_is_connected(stream->publication))
    {
        if (adk_load_wait_turn(load, deadline_ns, "a subscriber on the other side") < 0)
        {
            return -1;
        }
    }
    while (NULL != stream->subscription && !aeron_subscription_is_connected(stream->subscription))
    {
        if (adk_load_wait_turn(load, deadline_ns, "a publisher on the other side") < 0)
        {
            return -1;
        }
    }

    return 0;
}

void adk_stream_close(adk_stream_t *stream)
{
    if (NULL != stream->publication)
    {
        (void)aeron_exclusive_publication_close(stream->publication, NULL, NULL);
        stream->publication = NULL;
    }
    if (NULL != stream->subscription)
    {
        (void)aeron_subscription_close(stream->subscription, NULL, NULL);
        stream->subscription = NULL;
    }
}

int adk_stream_end(adk_stream_t *stream, adk_load_t *load, size_t message_length)
{
    const int64_t deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;
    aeron_buffer_claim_t claim;
    int claimed;

    while (0 == (claimed = adk_stream_claim(stream, message_length, &claim)))
    {
        if (adk_load_wait_turn(load, deadline_ns, "flow control") < 0)
        {
            return -1;
        }
    }
    if (claimed < 0)
    {
        return -1;
    }

    adk_message_write(claim.data, message_length, ADK_MESSAGE_END);
    (void)aeron_buffer_claim_commit(&claim);
    return adk_load_linger(load);
}

void adk_stream_explain(adk_stream_t *stream, int64_t position)
{
    const char *reason = aeron_errmsg();

    switch (position)
    {
        case AERON_PUBLICATION_NOT_CONNECTED:
            reason = "the subscriber went away";
            break;

        case AERON_PUBLICATION_CLOSED:
            reason = "the driver closed the publication";
            break;

        case AERON_PUBLICATION_MAX_POSITION_EXCEEDED:
            reason = "the stream has reached its greatest position";
            break;
    }

    position = aeron_exclusive_publication_position(stream->publication);
    adk_set_error(EIO, "publishing stopped at position %lld: %s", (long long)position, reason);
}
