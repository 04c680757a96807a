/* One text from load to load, over a stream of its own: the next measurement's request, or its result. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "load/stream.h"
#include "port/error.h"
#include "util/aeron_error.h"

#define ADK_TALK_PAUSE_NS (1000 * 1000)

typedef struct adk_listener_stct
{
    char *text;
    size_t size;
    int length;
} adk_listener_t;

static int offer(adk_stream_t *stream, adk_load_t *load, const char *text)
{
    const int64_t deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;

    for (;;)
    {
        const int64_t position = aeron_exclusive_publication_offer(
            stream->publication, (const uint8_t *)text, strlen(text), NULL, NULL);
        if (position > 0)
        {
            return adk_load_linger(load);
        }
        if (AERON_PUBLICATION_BACK_PRESSURED != position && AERON_PUBLICATION_ADMIN_ACTION != position)
        {
            adk_stream_explain(stream, position);
            return -1;
        }
        if (adk_load_wait_turn(load, deadline_ns, "flow control") < 0)
        {
            return -1;
        }
    }
}

int adk_load_say(adk_load_t *load, const char *channel, int32_t stream_id, const char *text)
{
    const adk_load_phase_t phase = {
        .out_channel = channel,
        .stream_id = stream_id,
        .message_length = ADK_LOAD_TEXT_MAX,
    };
    adk_stream_t stream;
    int outcome = -1;

    if (adk_stream_open(&stream, load, &phase) == 0)
    {
        outcome = offer(&stream, load, text);
    }
    adk_stream_close(&stream);
    return outcome;
}

static void on_text(void *clientd, const uint8_t *buffer, size_t length, aeron_header_t *header)
{
    adk_listener_t *listener = (adk_listener_t *)clientd;

    (void)header;
    if (listener->length < 0 && length < listener->size)
    {
        memcpy(listener->text, buffer, length);
        listener->text[length] = '\0';
        listener->length = (int)length;
    }
}

static int listen(adk_stream_t *stream, adk_load_t *load, adk_listener_t *listener, int64_t end_ns)
{
    const struct timespec pause = { .tv_nsec = ADK_TALK_PAUSE_NS };

    while (listener->length < 0)
    {
        if (aeron_nano_clock() > end_ns)
        {
            adk_set_error(ETIMEDOUT, "the other side said nothing in time");
            return -1;
        }
        if (adk_load_conductor_turn(load) < 0)
        {
            return -1;
        }
        if (aeron_subscription_poll(stream->subscription, on_text, listener, 1) < 0)
        {
            adk_set_error(aeron_errcode(), "listening failed: %s", aeron_errmsg());
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    return listener->length;
}

int adk_load_hear(
    adk_load_t *load, const char *channel, int32_t stream_id, char *text, uint32_t size, int64_t timeout_ns)
{
    const adk_load_phase_t phase = { .in_channel = channel, .stream_id = stream_id };
    const int64_t now_ns = aeron_nano_clock();
    adk_listener_t listener = { .text = text, .size = size, .length = -1 };
    adk_stream_t stream;
    int outcome = -1;

    if (adk_stream_subscribe(&stream, load, &phase) == 0)
    {
        outcome = listen(&stream, load, &listener, timeout_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + timeout_ns);
    }
    adk_stream_close(&stream);
    return outcome;
}
