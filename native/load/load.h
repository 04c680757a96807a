/*
 * The load generator. One thread runs the media driver (INVOKER), the Aeron client's conductor and the load, on one
 * core: with two cores and two processes nothing is left for the scheduler to decide. The same code measures every
 * path, for it sees nothing but a driver. A driver in another threading mode brings threads of its own; then the load's
 * thread runs the client alone.
 *
 * A load belongs to the thread that opened it. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_LOAD_H
#define ADK_LOAD_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

/* ---- durations, in the buckets of HdrHistogram ---- */

typedef struct adk_histogram_stct adk_histogram_t;

/* Empty; NULL without memory. */
adk_histogram_t *adk_histogram_create(void);
void adk_histogram_free(adk_histogram_t *histogram);
/* Bucket i holds the values from the one above value_ns(i - 1) up to value_ns(i). */
uint32_t adk_histogram_length(void);
int64_t adk_histogram_value_ns(uint32_t bucket);
uint64_t adk_histogram_count(const adk_histogram_t *histogram, uint32_t bucket);
int64_t adk_histogram_max_ns(const adk_histogram_t *histogram);

/* ---- what every measurement is asked for and what it finds ---- */

typedef struct adk_load_phase_stct
{
    const char *out_channel;          /* published to; NULL where the phase only subscribes */
    const char *in_channel;           /* subscribed to; NULL where the phase only publishes */
    int32_t stream_id;                /* one that no earlier phase of the same driver has used */
    uint32_t message_length;          /* bytes of payload, 16 or more; one fragment at most */
    uint32_t rate;                    /* an echo's messages a second; 0: the next one when the last is back */
    int64_t warmup_ns;                /* not measured; an echo's lasts until all term buffers have been walked */
    int64_t duration_ns;
} adk_load_phase_t;

typedef struct adk_load_result_stct
{
    uint64_t messages;
    uint64_t bytes; /* of payload */
    int64_t elapsed_ns;
    uint64_t lost; /* frames without Aeron that never came; Aeron sends again instead */
    uint64_t retransmits; /* by this side's driver */
    uint64_t naks; /* sent by this side's driver */
} adk_load_result_t;

/* ---- Aeron ---- */

typedef struct adk_load_stct adk_load_t;

/*
 * Pins the calling thread to cpu (-1 leaves it as it is), starts the driver, which must not have been started, and
 * connects a client to it. NULL on failure.
 */
adk_load_t *adk_load_open(adk_driver_t *driver, int cpu);
/* The same for a client alone, of the driver that runs on aeron_dir, ours or any other. */
adk_load_t *adk_load_connect(const char *aeron_dir, int cpu);
int adk_load_close(adk_load_t *load);
/* Any thread, any time before adk_load_close(): the running phase and all later ones fail with ECANCELED. */
void adk_load_stop(adk_load_t *load);

/* Each round trip is recorded in the histogram; with a rate, from the moment at which its message was due. */
int adk_load_echo_client(
    adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram);
/* Sends back what arrives until the client says that it is done. The durations are unused. */
int adk_load_echo_server(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* As fast as flow control allows. result is what was offered; what counts is the subscriber's. */
int adk_load_publish(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* Counts what arrives in duration_ns, from warmup_ns after the first message; then reads on until the end. */
int adk_load_subscribe(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);

/* ---- what two loads on two hosts tell each other: texts of at most ADK_LOAD_TEXT_MAX bytes ---- */

#define ADK_LOAD_TEXT_MAX 1024

/* Returns when the text had time to arrive. */
int adk_load_say(adk_load_t *load, const char *channel, int32_t stream_id, const char *text);
/* The length of the text, which is followed by a NUL, or -1: ETIMEDOUT when none came in time. */
int adk_load_hear(
    adk_load_t *load, const char *channel, int32_t stream_id, char *text, uint32_t size, int64_t timeout_ns);

/* ---- the same frames without Aeron: what DPDK and the link can do ---- */

typedef struct adk_floor_stct adk_floor_t;

/*
 * The control thread's: opens the port as the stack does, and closes it when neither side uses it. NULL on failure.
 * touches, a boolean: each payload is written whole and read whole; else only its two ends are.
 */
adk_floor_t *adk_floor_open(const adk_settings_t *settings, uint8_t touches);
void adk_floor_close(adk_floor_t *floor);
/* Pins the calling thread to cpu; it is the one that must do the phases. */
int adk_floor_begin(adk_floor_t *floor, int cpu);
/* Any thread, any time before adk_floor_close(). */
void adk_floor_stop(adk_floor_t *floor);

/* Bytes of payload in a frame of the port's MTU. Phases with more are the caller's mistake. */
uint32_t adk_floor_longest_message(const adk_floor_t *floor);
/* Between two hosts: our MAC, and where the next phases' frames go, from and to the same UDP port. */
void adk_floor_mac(const adk_floor_t *floor, uint8_t *mac);
void adk_floor_address(adk_floor_t *floor, const uint8_t *mac, uint32_t ipv4, uint16_t udp_port);
/* One frame as it is, without FCS. */
int adk_floor_transmit_frame(adk_floor_t *floor, const uint8_t *bytes, uint32_t length);
/* How many bytes of the next frame were kept, 0 where none has come, -1 after adk_floor_stop(). */
int adk_floor_receive_frame(adk_floor_t *floor, uint8_t *bytes, uint32_t size);

/* As their namesakes above; channels are unused, rates unsupported. */
int adk_floor_echo_client(
    adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram);
int adk_floor_echo_server(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result);
int adk_floor_send(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result);
int adk_floor_receive(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result);

#endif
