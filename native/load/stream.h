/* What a phase publishes and subscribes to, one of them or both; opened and closed on the load's own thread. */
#ifndef ADK_LOAD_STREAM_H
#define ADK_LOAD_STREAM_H

#include "load/thread.h"

typedef struct adk_stream_stct
{
    aeron_exclusive_publication_t *publication;
    aeron_subscription_t *subscription;
    int64_t warmup_position; /* from which on every term buffer has been used once */
} adk_stream_t;

/* Returns when both are connected. Whatever it returned, adk_stream_close() must follow. */
int adk_stream_open(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase);
/* As adk_stream_open(), but only the subscription, and without waiting for a publisher. */
int adk_stream_subscribe(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase);
void adk_stream_close(adk_stream_t *stream);

/* Sends the end message, and keeps the driver working until it has had time to arrive. */
int adk_stream_end(adk_stream_t *stream, adk_load_t *load, size_t message_length);

/* Sets the error for a claim that failed for another reason than flow control. */
void adk_stream_explain(adk_stream_t *stream, int64_t position);

/* 1 when the claim was made, 0 when flow control says later, -1 when the stream is gone. */
static inline int adk_stream_claim(adk_stream_t *stream, size_t length, aeron_buffer_claim_t *claim)
{
    const int64_t position = aeron_exclusive_publication_try_claim(stream->publication, length, claim);

    if (position > 0)
    {
        return 1;
    }
    if (AERON_PUBLICATION_BACK_PRESSURED == position || AERON_PUBLICATION_ADMIN_ACTION == position)
    {
        return 0;
    }

    adk_stream_explain(stream, position);
    return -1;
}

#endif
