/* A receive function for Aeron that only counts: clientd is a uint32_t. */
#ifndef BENCH_COUNT_DATAGRAM_H
#define BENCH_COUNT_DATAGRAM_H

#include "aeron_driver.h"

static inline void count_datagram(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *addr,
    struct timespec *media_timestamp)
{
    (void)data_paths;
    (void)transport;
    (void)endpoint_clientd;
    (void)destination_clientd;
    (void)buffer;
    (void)length;
    (void)addr;
    (void)media_timestamp;
    (*(uint32_t *)clientd)++;
}

#endif
