/* Puts datagrams for UDP ports of our own choice in front of a driver's poll, on the thread that polls. */
#ifndef ADK_LOAD_INJECTOR_H
#define ADK_LOAD_INJECTOR_H

#include "load/load.h"
#include "port/port.h"
#include "wire/header.h"

/* An Aeron data frame with a message of 32 bytes. */
#define ADK_INJECTOR_PAYLOAD_LENGTH (64)
#define ADK_INJECTOR_BURST_LENGTH (32)

typedef struct adk_injector_stct
{
    const adk_poll_job_t *job;
    int socket;                       /* -1 where a ring device is injected into */
    struct rte_mempool *mempool;
    struct rte_ether_addr mac;
    uint16_t next_channel;
} adk_injector_t;

int adk_injector_open(adk_injector_t *injector, const adk_poll_job_t *job);
void adk_injector_close(adk_injector_t *injector);

/* One datagram to the UDP port; 0, or -1 when it was not taken. */
int adk_injector_put(adk_injector_t *injector, uint16_t udp_port);
/* A burst of them over the job's channels in turn, by strides that a prefetcher does not follow. */
int adk_injector_put_burst(adk_injector_t *injector);

#endif
