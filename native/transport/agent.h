/* What every thread of the driver does first. */
#ifndef ADK_TRANSPORT_AGENT_H
#define ADK_TRANSPORT_AGENT_H

#include <sched.h>

#include "transport/media.h"

typedef struct adk_agent_start_stct
{
    aeron_driver_context_t *context;
    cpu_set_t process_mask;           /* the affinity that the process had before the EAL pinned its main thread */
} adk_agent_start_t;

/* aeron_agent_on_start_func_t with an adk_agent_start_t. */
void adk_agent_on_start(void *state, const char *role_name);

#endif
