/* What the files of this folder share; Python does not see it. */
#ifndef ADK_API_INTERNAL_H
#define ADK_API_INTERNAL_H

#include <sched.h>

#include "api/aeron_dpdk.h"

/* The process's affinity as it was before the EAL changed it. */
const cpu_set_t *adk_eal_process_mask(void);

/* Shows the port to Aeron's interface lookups under name, beside the kernel's own interfaces. */
void adk_interface_publish(const char *name, uint32_t ipv4, uint8_t prefix_length);
void adk_interface_withdraw(void);

#endif
