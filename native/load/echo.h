/* What the echo client's two modes share: one message at a time (echo_client.c), and a fixed rate (paced.c). */
#ifndef ADK_LOAD_ECHO_H
#define ADK_LOAD_ECHO_H

#include "load/histogram.h"
#include "load/stream.h"

typedef struct adk_echo_client_stct
{
    adk_load_t *load;
    adk_stream_t stream;
    size_t message_length;
    int64_t sequence;                 /* of the last ping */
    int64_t answered_ns;              /* when the reply came; 0 until then */
    bool is_wrong;
} adk_echo_client_t;

int adk_echo_measure_paced(
    adk_echo_client_t *client, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram);

#endif
