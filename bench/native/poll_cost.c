/* What a poll costs for a given number of channels, when idle and per frame that it delivers. */
#include <errno.h>
#include <stdlib.h>

#include "bench/native/channels.h"
#include "bench/native/count_datagram.h"
#include "bench/native/injector.h"
#include "bench/native/samples.h"
#include "bench/native/single_costs.h"
#include "load/thread.h"
#include "port/error.h"

#define IDLE_POLLS_PER_BATCH (128)
/*
 * Frames put into a device or a socket of the same machine can be polled at once: this many empty polls are an error.
 */
#define EMPTY_POLLS_MAX (1000000)

static void time_idle_polls(channels_t *channels, double *samples, uint32_t batches)
{
    uint32_t datagrams = 0;

    for (uint32_t i = 0; i < batches; i++)
    {
        const int64_t start_ns = aeron_nano_clock();
        for (int polls = 0; polls < IDLE_POLLS_PER_BATCH; polls++)
        {
            (void)channels_poll(channels, count_datagram, &datagrams);
        }
        samples[i] = (double)(aeron_nano_clock() - start_ns) / IDLE_POLLS_PER_BATCH;
    }
}

/* -1 when frames were lost. */
static int time_frames(channels_t *channels, injector_t *injector, double *samples, uint32_t batches)
{
    for (uint32_t i = 0; i < batches; i++)
    {
        uint32_t datagrams = 0;

        if (injector_put_burst(injector) < 0)
        {
            return -1;
        }
        const int64_t start_ns = aeron_nano_clock();
        for (int polls = 0; datagrams < INJECTOR_BURST_LENGTH; polls++)
        {
            if (EMPTY_POLLS_MAX == polls)
            {
                adk_set_error(ENODATA, "%u of %d datagrams arrived", datagrams, INJECTOR_BURST_LENGTH);
                return -1;
            }
            (void)channels_poll(channels, count_datagram, &datagrams);
        }
        samples[i] = (double)(aeron_nano_clock() - start_ns) / INJECTOR_BURST_LENGTH;
    }

    return 0;
}

static int measure(channels_t *channels, injector_t *injector, const poll_job_t *job, double *samples)
{
    time_idle_polls(channels, samples, job->batches / 4);
    time_idle_polls(channels, samples, job->batches);
    print_samples("idle", job->channels, samples, job->batches);
    if (time_frames(channels, injector, samples, job->batches) < 0)
    {
        return -1;
    }
    print_samples("frame", job->channels, samples, job->batches);
    return 0;
}

int poll_cost(adk_load_t *load, const poll_job_t *job)
{
    channels_t channels;
    injector_t injector;
    int outcome = -1;

    double *samples = calloc(job->batches, sizeof(*samples));
    if (NULL == samples)
    {
        adk_set_error(ENOMEM, "no memory for %u samples", job->batches);
        return -1;
    }
    if (injector_open(&injector, job) < 0)
    {
        goto free_samples;
    }
    if (channels_open(
            &channels,
            adk_driver_aeron(load->driver),
            AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER,
            job->local_ipv4,
            job->first_udp_port,
            job->channels) < 0)
    {
        goto close_injector;
    }

    outcome = measure(&channels, &injector, job, samples);
    /* Before any duty cycle: a driver that checks for changed host names expects an endpoint behind every transport. */
    channels_close(&channels);
    if (0 == outcome)
    {
        outcome = adk_load_turn(load);
    }
close_injector:
    injector_close(&injector);
free_samples:
    free(samples);
    return outcome;
}
