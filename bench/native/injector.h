/* Puts datagrams for UDP ports of our choice where a driver will poll them, on the polling thread. */
#ifndef BENCH_INJECTOR_H
#define BENCH_INJECTOR_H

#include "bench/native/single_costs.h"
#include "port/port.h"
#include "wire/header.h"

/* An Aeron data frame with a message of 32 bytes. */
#define INJECTOR_PAYLOAD_LENGTH (64)
#define INJECTOR_BURST_LENGTH (32)

typedef struct injector_stct
{
    const poll_job_t *job;
    int socket;                       /* -1 when injecting into a ring device */
    struct rte_mempool *mempool;
    struct rte_ether_addr mac;
    uint16_t next_channel;
} injector_t;

int injector_open(injector_t *injector, const poll_job_t *job);
void injector_close(injector_t *injector);

/* Sends one datagram to the UDP port; 0, or -1 when it was not accepted. */
int injector_put(injector_t *injector, uint16_t udp_port);
/* Sends a burst of them over the job's channels in turn, with strides that a prefetcher does not follow. */
int injector_put_burst(injector_t *injector);

#endif
