/* A phase's two ends: an exclusive publication, a subscription, or both; opened and closed without leaving the thread. */
#ifndef ADK_LOAD_STREAM_H
#define ADK_LOAD_STREAM_H

#include "load/thread.h"

typedef struct adk_stream_stct
{
    aeron_exclusive_publication_t *publication;
    aeron_subscription_t *subscription;
    int64_t warmup_position; /* where every term buffer has been walked once */
} adk_stream_t;

/* Returns when both ends have found their peer. Whatever it returned, adk_stream_close() must follow. */
int adk_stream_open(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase);
/* Only the subscription, whether or not there is a publisher; else as adk_stream_open(). */
int adk_stream_subscribe(adk_stream_t *stream, adk_load_t *load, const adk_load_phase_t *phase);
void adk_stream_close(adk_stream_t *stream);

/* Sends the end message, and turns for long enough that it arrives. */
int adk_stream_end(adk_stream_t *stream, adk_load_t *load, size_t message_length);

/* For a claim that flow control did not merely put off: says why. */
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
