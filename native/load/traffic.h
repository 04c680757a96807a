/*
 * A client of a driver in another process, so that there is traffic to look at: it publishes a few messages a
 * millisecond and reads what comes back. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_TRAFFIC_H
#define ADK_TRAFFIC_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

typedef struct adk_traffic_settings_stct
{
    const char *aeron_dir;
    const char *out_channel;
    const char *in_channel;
    int32_t stream_id;
    uint32_t message_length;          /* bytes of payload, at most 1024 */
    uint32_t messages_per_ms;
} adk_traffic_settings_t;

/* Runs until the process ends; returns -1 if the driver is gone. May be called once in a process. */
int adk_traffic_run(const adk_traffic_settings_t *settings);

#endif
