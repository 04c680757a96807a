#include "load/window.h"

#include <sys/resource.h>

#include "aeron_system_counters.h"

static void mark_edge(void)
{
    struct rusage unused;

    (void)getrusage(RUSAGE_THREAD, &unused);
}

static void read_counters(const adk_load_t *load, uint64_t *retransmits, uint64_t *naks)
{
    *retransmits = 0;
    *naks = 0;
    if (NULL != load)
    {
        aeron_counters_reader_t *reader = aeron_counters_reader(load->client);
        *retransmits = (uint64_t)*aeron_counters_reader_addr(reader, AERON_SYSTEM_COUNTER_RETRANSMITS_SENT);
        *naks = (uint64_t)*aeron_counters_reader_addr(reader, AERON_SYSTEM_COUNTER_NAK_MESSAGES_SENT);
    }
}

void adk_window_open(adk_window_t *window, const adk_load_t *load)
{
    window->load = load;
    read_counters(load, &window->retransmits, &window->naks);
    mark_edge();
}

void adk_window_close(const adk_window_t *window, adk_load_result_t *result)
{
    mark_edge();
    read_counters(window->load, &result->retransmits, &result->naks);
    result->retransmits -= window->retransmits;
    result->naks -= window->naks;
}
