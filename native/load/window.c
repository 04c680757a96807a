#include "load/window.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "aeron_system_counters.h"

#define ADK_INTERRUPTS_LINE_LENGTH (8192)

/* Column of this CPU in the TLB line of /proc/interrupts, whose columns are the online CPUs; -1 without one. */
static int64_t tlb_shootdowns(void)
{
    char line[ADK_INTERRUPTS_LINE_LENGTH];
    char own[16];
    int64_t found = -1;
    FILE *file = fopen("/proc/interrupts", "r");

    if (NULL == file)
    {
        return -1;
    }

    int column = -1;
    (void)snprintf(own, sizeof(own), "CPU%d", sched_getcpu());
    while (NULL != fgets(line, sizeof(line), file))
    {
        char *rest = NULL;
        const char *word = strtok_r(line, " \n", &rest);
        const bool is_head = NULL != word && 0 == strncmp(word, "CPU", 3);

        if (NULL == word || (!is_head && 0 != strcmp(word, "TLB:")))
        {
            continue;
        }
        if (!is_head)
        {
            word = strtok_r(NULL, " \n", &rest);
        }
        for (int i = 0; NULL != word; i++, word = strtok_r(NULL, " \n", &rest))
        {
            if (is_head && 0 == strcmp(word, own))
            {
                column = i;
            }
            if (!is_head && i == column)
            {
                found = strtoll(word, NULL, 10);
            }
        }
    }

    (void)fclose(file);
    return found;
}

/* Of native/load/interpose, where it was preloaded. */
static int64_t allocations(void)
{
    int64_t (*count)(void) = (int64_t (*)(void))(uintptr_t)dlsym(RTLD_DEFAULT, "adk_allocations_of_thread");
    return NULL == count ? -1 : count();
}

static void read_usage(adk_disturbance_t *disturbance)
{
    struct rusage usage = { 0 };

    (void)getrusage(RUSAGE_THREAD, &usage);
    disturbance->page_faults = usage.ru_minflt + usage.ru_majflt;
    disturbance->voluntary_switches = usage.ru_nvcsw;
    disturbance->involuntary_switches = usage.ru_nivcsw;
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
    window->before.tlb_shootdowns = tlb_shootdowns();
    window->before.allocations = allocations();
    read_usage(&window->before);
}

void adk_window_close(const adk_window_t *window, adk_load_result_t *result)
{
    adk_disturbance_t *disturbance = &result->disturbance;
    const adk_disturbance_t *before = &window->before;

    read_usage(disturbance);
    disturbance->page_faults -= before->page_faults;
    disturbance->voluntary_switches -= before->voluntary_switches;
    disturbance->involuntary_switches -= before->involuntary_switches;
    disturbance->allocations = before->allocations < 0 ? -1 : allocations() - before->allocations;
    disturbance->tlb_shootdowns = before->tlb_shootdowns < 0 ? -1 : tlb_shootdowns() - before->tlb_shootdowns;

    read_counters(window->load, &result->retransmits, &result->naks);
    result->retransmits -= window->retransmits;
    result->naks -= window->naks;
}
