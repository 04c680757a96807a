/* Shared by the files of this folder; not visible to Python. */
#ifndef ADK_API_INTERNAL_H
#define ADK_API_INTERNAL_H

#include <sched.h>

#include "api/aeron_dpdk.h"
#include "wire/ipv6/locals.h"

/* The process's affinity as it was before the EAL changed it. */
const cpu_set_t *adk_eal_process_mask(void);

/*
 * Shows a port to Aeron's interface lookups under name, behind those shown before and in front of the kernel's own
 * interfaces. locals6 may be NULL; of its addresses, those are shown that are usable at the time of the lookup.
 */
void adk_interface_publish(const char *name, uint32_t ipv4, uint8_t prefix_length, const adk_locals6_t *locals6);
/* Withdraws all of them. */
void adk_interface_withdraw(void);

#endif
