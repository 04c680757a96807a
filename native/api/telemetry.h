/*
 * Our commands in addition to DPDK's own on its telemetry socket (dpdk-telemetry.py): /aeron/counts, /aeron/endpoints,
 * /aeron/neighbours. DPDK calls them on its own threads. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_TELEMETRY_H
#define ADK_TELEMETRY_H

#include "api/aeron_dpdk.h"

/* The commands report on stack until it is withdrawn. Without telemetry this does nothing. */
int adk_telemetry_offer(adk_stack_t *stack);
/* To be called before adk_stack_close(). Waits for a command that is being answered. */
void adk_telemetry_withdraw(void);

#endif
