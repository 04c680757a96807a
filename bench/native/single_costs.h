/* What single_costs measures, each on one thread, with one driver whose receiver is polled only by that thread. */
#ifndef BENCH_SINGLE_COSTS_H
#define BENCH_SINGLE_COSTS_H

#include "api/aeron_dpdk.h"
#include "load/load.h"

typedef enum injection_en
{
    INJECT_SOCKET, /* into the kernel, for a stock driver */
    INJECT_RING    /* into a net_ring device that receives what it sends */
} injection_t;

typedef struct poll_job_stct
{
    injection_t injection;
    uint16_t port_id; /* of DPDK, for INJECT_RING */
    uint16_t first_udp_port;
    uint32_t local_ipv4;
    uint32_t channels;
    uint32_t batches; /* number of samples, of 128 idle polls or of 32 frames each */
} poll_job_t;

/* Each prints its samples; 0, or -1 with the error set. */

/* "idle": a poll that finds nothing; "frame": polling, per frame that reached the receive function. */
int poll_cost(adk_load_t *load, const poll_job_t *job);

/*
 * How long after the start of the receiver's poll a frame reaches the receive function: "direct" for a frame of the
 * receiver's own, "handed_over" for one of the sender's. The driver is DEDICATED and not started.
 */
int hand_off_cost(adk_driver_t *driver, const poll_job_t *job, int receiver_cpu, int sender_cpu);

/* "checksum": computed in software, over a UDP datagram with 1,408 bytes of payload, in warm caches. */
int checksum_cost(uint32_t batches);

#endif
