#include "transport/agent.h"

#include <pthread.h>

#include <rte_errno.h>
#include <rte_lcore.h>

static void record(const aeron_driver_context_t *context, int code, const char *text)
{
    if (NULL != context->error_log)
    {
        aeron_distinct_error_log_record(context->error_log, code, text);
    }
}

/*
 * rte_eal_init() pins the calling thread, and Aeron's threads inherit that one core. They first get the process's
 * original mask back; then Aeron applies the configured affinities.
 */
void adk_agent_on_start(void *state, const char *role_name)
{
    const adk_agent_start_t *start = state;

    (void)pthread_setaffinity_np(pthread_self(), sizeof(start->process_mask), &start->process_mask);
    aeron_set_thread_affinity_on_start(start->context, role_name);

    /* Without an lcore id a thread has no mempool cache, and every mbuf goes through the shared ring. */
    if (LCORE_ID_ANY == rte_lcore_id() && 0 != rte_thread_register())
    {
        record(start->context, rte_errno, "rte_thread_register: the thread works without mempool caches");
    }
}
