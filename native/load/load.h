/*
 * The load generator. One thread runs the media driver (INVOKER), the Aeron client's conductor and the load, on one
 * core: two such processes on two cores leave nothing for the scheduler to decide. The same code measures every path,
 * since all it knows of a path is a driver. A driver in another threading mode has threads of its own; then the load's
 * thread runs the client only.
 *
 * A load belongs to the thread that opened it. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_LOAD_H
#define ADK_LOAD_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

/* ---- durations, in the buckets of HdrHistogram ---- */

typedef struct adk_histogram_stct adk_histogram_t;

/* An empty one; NULL if there is no memory. */
adk_histogram_t *adk_histogram_create(void);
void adk_histogram_free(adk_histogram_t *histogram);
/* Bucket i counts the values above value_ns(i - 1), up to and including value_ns(i). */
uint32_t adk_histogram_length(void);
int64_t adk_histogram_value_ns(uint32_t bucket);
uint64_t adk_histogram_count(const adk_histogram_t *histogram, uint32_t bucket);
int64_t adk_histogram_max_ns(const adk_histogram_t *histogram);

/* ---- the request for one measurement, and its result ---- */

typedef struct adk_load_phase_stct
{
    const char *out_channel;          /* published to; NULL where the phase only subscribes */
    const char *in_channel;           /* subscribed to; NULL where the phase only publishes */
    int32_t stream_id;                /* one that no earlier phase of the same driver has used */
    uint32_t message_length;          /* bytes of payload, 16 or more; one fragment at most */
    uint32_t rate;                    /* messages a second of an echo; 0: each is sent when the one before is back */
    int64_t warmup_ns;                /* not measured; an echo's lasts until every term buffer has been used */
    int64_t duration_ns;
} adk_load_phase_t;

typedef struct adk_load_result_stct
{
    uint64_t messages;
    uint64_t bytes; /* of payload */
    int64_t elapsed_ns;
    uint64_t lost; /* frames of the floor that never came; Aeron would retransmit */
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
/* The same with only a client, of the driver that uses aeron_dir; that may be any Aeron driver. */
adk_load_t *adk_load_connect(const char *aeron_dir, int cpu);
int adk_load_close(adk_load_t *load);
/* Any thread, any time before adk_load_close(): the running phase and all later ones fail with ECANCELED. */
void adk_load_stop(adk_load_t *load);

/* Records each round trip in the histogram; at a fixed rate, from the moment at which the message was due. */
int adk_load_echo_client(
    adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram);
/* Echoes what arrives until the client's end message. Ignores the durations. */
int adk_load_echo_server(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* As fast as flow control allows. result says what was offered; the measurement is the subscriber's. */
int adk_load_publish(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);
/* Counts what arrives within duration_ns, beginning warmup_ns after the first message; then reads to the end. */
int adk_load_subscribe(adk_load_t *load, const adk_load_phase_t *phase, adk_load_result_t *result);

/* ---- texts that loads on two hosts exchange, of at most ADK_LOAD_TEXT_MAX bytes ---- */

#define ADK_LOAD_TEXT_MAX 1024

/* Returns once the text has had time to arrive. */
int adk_load_say(adk_load_t *load, const char *channel, int32_t stream_id, const char *text);
/* Returns the length of the text, without the NUL behind it; or -1, with ETIMEDOUT when none came in time. */
int adk_load_hear(
    adk_load_t *load, const char *channel, int32_t stream_id, char *text, uint32_t size, int64_t timeout_ns);

/* ---- the floor: the same frames without Aeron, to see what DPDK and the link can do ---- */

typedef struct adk_floor_stct adk_floor_t;

/*
 * Opens the port as the stack does; NULL on failure. Both are for the control thread; close when neither side uses it.
 * touches, a boolean: each payload is written and read as a whole; otherwise only its two ends are.
 */
adk_floor_t *adk_floor_open(const adk_settings_t *settings, uint8_t touches);
void adk_floor_close(adk_floor_t *floor);
/* Pins the calling thread to cpu; all phases must run on it. */
int adk_floor_begin(adk_floor_t *floor, int cpu);
/* Any thread, any time before adk_floor_close(). */
void adk_floor_stop(adk_floor_t *floor);

/* Bytes of payload in a frame of the port's MTU. A phase must not ask for more. */
uint32_t adk_floor_longest_message(const adk_floor_t *floor);
/* For two hosts: our MAC, and the peer that the next phases send to, from and to the same UDP port. */
void adk_floor_mac(const adk_floor_t *floor, uint8_t *mac);
void adk_floor_address(adk_floor_t *floor, const uint8_t *mac, uint32_t ipv4, uint16_t udp_port);
/* Sends one frame unchanged; without FCS. */
int adk_floor_transmit_frame(adk_floor_t *floor, const uint8_t *bytes, uint32_t length);
/* Copies up to size bytes of the next frame; returns how many, 0 if none has come, -1 after adk_floor_stop(). */
int adk_floor_receive_frame(adk_floor_t *floor, uint8_t *bytes, uint32_t size);

/* As adk_load_echo_client() and so on; publish is send, subscribe is receive. No channels, no fixed rate. */
int adk_floor_echo_client(
    adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result, adk_histogram_t *histogram);
int adk_floor_echo_server(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result);
int adk_floor_send(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result);
int adk_floor_receive(adk_floor_t *floor, const adk_load_phase_t *phase, adk_load_result_t *result);

#endif
