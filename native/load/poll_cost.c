/* What a poll costs at so many channels, idle and for each frame that it delivers. */
#include <errno.h>
#include <stdlib.h>

#include "load/channels.h"
#include "load/injector.h"
#include "load/samples.h"
#include "load/thread.h"
#include "port/error.h"

#define ADK_IDLE_POLLS_PER_BATCH (128)
/* Frames put into a device or a socket of the same machine are there to be polled: so many empty polls are an error. */
#define ADK_EMPTY_POLLS_MAX (1000000)

static void on_datagram(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *addr,
    struct timespec *media_timestamp)
{
    (void)data_paths;
    (void)transport;
    (void)endpoint_clientd;
    (void)destination_clientd;
    (void)buffer;
    (void)length;
    (void)addr;
    (void)media_timestamp;
    (*(uint32_t *)clientd)++;
}

static double idle_ns(adk_channels_t *channels, adk_samples_t *samples, uint32_t batches)
{
    uint32_t datagrams = 0;

    adk_samples_clear(samples);
    for (uint32_t i = 0; i < batches; i++)
    {
        const int64_t start_ns = aeron_nano_clock();
        for (int polls = 0; polls < ADK_IDLE_POLLS_PER_BATCH; polls++)
        {
            (void)adk_channels_poll(channels, on_datagram, &datagrams);
        }
        adk_samples_add(samples, (double)(aeron_nano_clock() - start_ns) / ADK_IDLE_POLLS_PER_BATCH);
    }

    return adk_samples_median(samples);
}

/* -1 when frames went missing. */
static double frame_ns(adk_channels_t *channels, adk_injector_t *injector, adk_samples_t *samples, uint32_t batches)
{
    adk_samples_clear(samples);
    for (uint32_t i = 0; i < batches; i++)
    {
        uint32_t datagrams = 0;

        if (adk_injector_put_burst(injector) < 0)
        {
            return -1;
        }
        const int64_t start_ns = aeron_nano_clock();
        for (int polls = 0; datagrams < ADK_INJECTOR_BURST_LENGTH; polls++)
        {
            if (ADK_EMPTY_POLLS_MAX == polls)
            {
                adk_set_error(ENODATA, "%u of %d datagrams arrived", datagrams, ADK_INJECTOR_BURST_LENGTH);
                return -1;
            }
            (void)adk_channels_poll(channels, on_datagram, &datagrams);
        }
        adk_samples_add(samples, (double)(aeron_nano_clock() - start_ns) / ADK_INJECTOR_BURST_LENGTH);
    }

    return adk_samples_median(samples);
}

int adk_load_poll_cost(adk_load_t *load, const adk_poll_job_t *job, adk_poll_cost_t *cost)
{
    adk_channels_t channels;
    adk_injector_t injector;
    adk_samples_t samples;
    int outcome = -1;

    if (adk_samples_open(&samples, job->batches) < 0)
    {
        return -1;
    }
    if (adk_injector_open(&injector, job) < 0)
    {
        goto close_samples;
    }
    if (adk_channels_open(
            &channels,
            adk_driver_aeron(load->driver),
            AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER,
            job->local_ipv4,
            job->first_udp_port,
            job->channels) < 0)
    {
        goto close_injector;
    }

    (void)idle_ns(&channels, &samples, job->batches / 4);
    cost->idle_ns = idle_ns(&channels, &samples, job->batches);
    cost->frame_ns = frame_ns(&channels, &injector, &samples, job->batches);
    /* Before any turn: a driver that looks for changed host names wants an endpoint behind every transport. */
    adk_channels_close(&channels);
    outcome = cost->frame_ns < 0 ? -1 : adk_load_turn(load);
close_injector:
    adk_injector_close(&injector);
close_samples:
    adk_samples_close(&samples);
    return outcome;
}
