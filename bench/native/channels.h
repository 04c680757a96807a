/* Transports on a driver's own pollers, made through its bindings as its conductor would: no client, no streams. */
#ifndef BENCH_CHANNELS_H
#define BENCH_CHANNELS_H

#include "aeron_driver.h"
#include "load/load.h"

typedef struct channels_stct
{
    aeron_driver_t *driver;
    aeron_udp_transport_poller_t *poller;
    aeron_udp_channel_transport_t *transports;
    uint32_t length;
} channels_t;

/* Opens count of them at consecutive UDP ports; 0, or -1 with the error set and nothing left to close. */
int channels_open(
    channels_t *channels,
    aeron_driver_t *driver,
    aeron_udp_channel_transport_affinity_t affinity,
    uint32_t local_ipv4,
    uint16_t first_udp_port,
    uint32_t count);
void channels_close(channels_t *channels);

/* Polls as the receiver does (aeron_driver_receiver.c), with the caller's receive function. */
int channels_poll(channels_t *channels, aeron_udp_transport_recv_func_t recv_func, void *clientd);

#endif
