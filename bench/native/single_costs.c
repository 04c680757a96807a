/*
 * Costs that a single process can measure: single_costs SUBJECT CPU[,CPU] CHANNELS[,CHANNELS...] BATCHES [EAL
 * argument...]
 *
 * SUBJECT is poll-dpdk, poll-kernel, hand-off or checksum; the EAL's arguments name a net_ring device. Aeron's settings
 * come from the environment. Prints each sample as a line: the series, the number of channels, nanoseconds.
 */
#include "bench/native/single_costs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load/thread.h"

#define RING_IPV4 (0xc6120401) /* 198.18.4.1, of RFC 2544's network for benchmarks */
#define RING_PREFIX_LENGTH (24)
#define LOOPBACK_IPV4 (0x7f000001)
#define FIRST_UDP_PORT (20200)
#define SOME_FILES (256)

/* One per socket; the usual soft limit is 1,024. */
static void allow_open_files(uint32_t channels)
{
    struct rlimit limit;

    if (0 == getrlimit(RLIMIT_NOFILE, &limit))
    {
        const rlim_t wanted = channels + SOME_FILES;
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int measure_polls(adk_driver_t *driver, int cpu, char *channels, poll_job_t *job)
{
    char *rest = NULL;
    int outcome = -1;

    adk_load_t *load = adk_load_open(driver, cpu);
    if (NULL == load)
    {
        return -1;
    }
    for (char *each = strtok_r(channels, ",", &rest); NULL != each; each = strtok_r(NULL, ",", &rest))
    {
        job->channels = (uint32_t)atoi(each);
        allow_open_files(job->channels);
        outcome = poll_cost(load, job);
        if (outcome < 0)
        {
            break;
        }
    }

    (void)adk_load_close(load);
    return outcome;
}

static int with_driver(adk_stack_t *stack, char *subject, char *cpus, char *channels, poll_job_t *job)
{
    char *rest = NULL;
    const int cpu = atoi(strtok_r(cpus, ",", &rest));
    const char *other_cpu = strtok_r(NULL, ",", &rest);

    adk_driver_t *driver = adk_driver_open(stack);
    if (NULL == driver)
    {
        return -1;
    }
    const int outcome = 0 == strcmp("hand-off", subject)
        ? hand_off_cost(driver, job, cpu, NULL == other_cpu ? cpu : atoi(other_cpu))
        : measure_polls(driver, cpu, channels, job);
    (void)adk_driver_close(driver);
    return outcome;
}

static int over_ring(int eal_count, char **eal_arguments, char *subject, char *cpus, char *channels, poll_job_t *job)
{
    const adk_settings_t settings = { .local_ipv4 = RING_IPV4,
                                      .prefix_length = RING_PREFIX_LENGTH,
                                      .rx_mempool_cache_size = UINT32_MAX,
                                      .tx_mempool_cache_size = UINT32_MAX,
                                      .threads_shared = 0 != strcmp("hand-off", subject) };
    int outcome = -1;

    if (adk_eal_init(eal_count, eal_arguments) < 0)
    {
        return -1;
    }
    adk_stack_t *stack = adk_stack_open(&settings, NULL);
    if (NULL != stack)
    {
        job->injection = INJECT_RING;
        job->local_ipv4 = RING_IPV4;
        outcome = with_driver(stack, subject, cpus, channels, job);
        adk_stack_close(stack);
    }
    adk_eal_cleanup();
    return outcome;
}

__attribute__((visibility("default"))) int main(int count, char **arguments);

int main(int count, char **arguments)
{
    if (count < 5)
    {
        (void)fprintf(stderr, "usage: %s SUBJECT CPU[,CPU] CHANNELS BATCHES [EAL argument...]\n", arguments[0]);
        return 2;
    }

    char *subject = arguments[1];
    poll_job_t job = { .injection = INJECT_SOCKET,
                       .local_ipv4 = LOOPBACK_IPV4,
                       .first_udp_port = FIRST_UDP_PORT,
                       .channels = 1,
                       .batches = (uint32_t)atoi(arguments[4]) };
    int outcome;
    if (0 == strcmp("checksum", subject))
    {
        outcome = adk_load_pin(atoi(arguments[2])) < 0 ? -1 : checksum_cost(job.batches);
    }
    else if (0 == strcmp("poll-kernel", subject))
    {
        outcome = with_driver(NULL, subject, arguments[2], arguments[3], &job);
    }
    else
    {
        arguments[4] = arguments[0];
        outcome = over_ring(count - 4, arguments + 4, subject, arguments[2], arguments[3], &job);
    }
    if (outcome < 0)
    {
        (void)fprintf(stderr, "%s\n", adk_error_text());
    }
    return outcome < 0 ? 1 : 0;
}
