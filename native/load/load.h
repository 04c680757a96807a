/*
 * The load generator. One thread runs the media driver (INVOKER), the Aeron client's conductor and the load, on one
 * core: with two cores and two processes nothing is left for the scheduler to decide. The same code measures both
 * paths, for it sees nothing but a driver.
 *
 * A load belongs to the thread that opened it. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_LOAD_H
#define ADK_LOAD_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

typedef struct adk_load_stct adk_load_t;

typedef struct adk_load_phase_stct
{
    const char *out_channel;          /* published to; NULL where the phase only subscribes */
    const char *in_channel;           /* subscribed to; NULL where the phase only publishes */
    int32_t stream_id;                /* one that no earlier phase of the same driver has used */
    uint32_t message_length;          /* bytes of payload, 16 or more; one fragment at most */
    int64_t warmup_ns;                /* not measured; an echo's lasts until all term buffers have been walked */
    int64_t duration_ns;
} adk_load_phase_t;

typedef struct adk_load_result_stct
{
    uint64_t messages;
    uint64_t bytes;                   /* of payload */
    int64_t elapsed_ns;
} adk_load_result_t;

/*
 * Pins the calling thread to cpu (-1 leaves it as it is), starts the driver, which must not have been started and
 * must be in INVOKER mode, and connects a client to it. NULL on failure.
 */
adk_load_t *adk_load_open(adk_driver_t *driver, int cpu);
int adk_load_close(adk_load_t *load);
/* Any thread, any time before adk_load_close(): the running phase and all later ones fail with ECANCELED. */
void adk_load_stop(adk_load_t *load);

/* One message in flight; each round trip is recorded in the histogram, which starts out empty. */
int adk_load_echo_client(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* Sends back what arrives until the client says that it is done. The durations are unused. */
int adk_load_echo_server(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* As fast as flow control allows. result is what was offered; what counts is the subscriber's. */
int adk_load_publish(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* Counts what arrives in duration_ns, from warmup_ns after the first message; then reads on until the end. */
int adk_load_subscribe(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);

/* The histogram of the last echo: bucket i holds the values from the one above value_ns(i - 1) up to value_ns(i). */
uint32_t adk_load_histogram_length(void);
int64_t adk_load_histogram_value_ns(uint32_t bucket);
uint64_t adk_load_histogram_count(const adk_load_t *load, uint32_t bucket);
int64_t adk_load_histogram_max_ns(const adk_load_t *load);

#endif
