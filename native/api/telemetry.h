/*
 * Commands of ours beside DPDK's own on its telemetry socket (dpdk-telemetry.py): /aeron/counts, /aeron/endpoints,
 * /aeron/neighbours. DPDK calls them on threads of its own. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_TELEMETRY_H
#define ADK_TELEMETRY_H

#include "api/aeron_dpdk.h"

/* The commands answer about stack until it is withdrawn. Where there is no telemetry, nothing happens. */
int adk_telemetry_offer(adk_stack_t *stack);
/* Before adk_stack_close(). Waits for a command that is being answered. */
void adk_telemetry_withdraw(void);

#endif
