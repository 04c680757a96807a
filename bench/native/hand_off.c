/* The cost of a frame that is polled by one thread but belongs to the other. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <rte_lcore.h>

#include "bench/native/channels.h"
#include "bench/native/injector.h"
#include "bench/native/samples.h"
#include "bench/native/single_costs.h"
#include "load/thread.h"
#include "port/error.h"

typedef struct hand_off_stct
{
    channels_t receivers;         /* one channel each */
    channels_t senders;
    injector_t injector;
    int sender_cpu;
    atomic_bool is_over;
    atomic_bool is_ready;
    _Atomic int64_t arrived_ns;       /* 0 while a frame is on its way */
} hand_off_t;

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
    hand_off_t *hand_off = (hand_off_t *)clientd;

    (void)data_paths;
    (void)transport;
    (void)endpoint_clientd;
    (void)destination_clientd;
    (void)buffer;
    (void)length;
    (void)addr;
    (void)media_timestamp;
    atomic_store_explicit(&hand_off->arrived_ns, aeron_nano_clock(), memory_order_release);
}

static void begin_thread(int cpu)
{
    (void)adk_load_pin(cpu);
    if (LCORE_ID_ANY == rte_lcore_id())
    {
        (void)rte_thread_register();
    }
}

static void *poll_as_sender(void *state)
{
    hand_off_t *hand_off = (hand_off_t *)state;

    begin_thread(hand_off->sender_cpu);
    atomic_store(&hand_off->is_ready, true);
    while (!atomic_load_explicit(&hand_off->is_over, memory_order_relaxed))
    {
        (void)channels_poll(&hand_off->senders, on_datagram, hand_off);
    }
    rte_thread_unregister();
    return NULL;
}

static int measure(hand_off_t *hand_off, uint16_t udp_port, uint32_t frames, double *samples)
{
    for (uint32_t i = 0; i < frames; i++)
    {
        int64_t arrived_ns;

        atomic_store_explicit(&hand_off->arrived_ns, 0, memory_order_relaxed);
        if (injector_put(&hand_off->injector, udp_port) < 0)
        {
            return -1;
        }
        const int64_t start_ns = aeron_nano_clock();
        do
        {
            (void)channels_poll(&hand_off->receivers, on_datagram, hand_off);
            arrived_ns = atomic_load_explicit(&hand_off->arrived_ns, memory_order_acquire);
            if (aeron_nano_clock() > start_ns + ADK_LOAD_STALL_TIMEOUT_NS)
            {
                adk_set_error(ETIMEDOUT, "the frame to UDP port %u did not arrive", udp_port);
                return -1;
            }
        } while (0 == arrived_ns);
        samples[i] = (double)(arrived_ns - start_ns);
    }

    return 0;
}

static int open_channels(hand_off_t *hand_off, aeron_driver_t *driver, const poll_job_t *job)
{
    if (channels_open(
            &hand_off->receivers,
            driver,
            AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER,
            job->local_ipv4,
            job->first_udp_port,
            1) < 0)
    {
        return -1;
    }
    if (channels_open(
            &hand_off->senders,
            driver,
            AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER,
            job->local_ipv4,
            (uint16_t)(job->first_udp_port + 1),
            1) < 0)
    {
        channels_close(&hand_off->receivers);
        return -1;
    }

    return 0;
}

static int measure_both(hand_off_t *hand_off, const poll_job_t *job, double *samples)
{
    const uint32_t frames = job->batches * INJECTOR_BURST_LENGTH;

    if (measure(hand_off, job->first_udp_port, frames, samples) < 0)
    {
        return -1;
    }
    print_samples("direct", 1, samples, frames);
    if (measure(hand_off, (uint16_t)(job->first_udp_port + 1), frames, samples) < 0)
    {
        return -1;
    }
    print_samples("handed_over", 1, samples, frames);
    return 0;
}

static int run(hand_off_t *hand_off, const poll_job_t *job)
{
    pthread_t sender;

    double *samples = calloc((size_t)job->batches * INJECTOR_BURST_LENGTH, sizeof(*samples));
    const int result = NULL == samples ? ENOMEM : pthread_create(&sender, NULL, poll_as_sender, hand_off);
    if (0 != result)
    {
        adk_set_error(result, "cannot start the sender's thread");
        free(samples);
        return -1;
    }
    while (!atomic_load(&hand_off->is_ready))
    {
        rte_pause();
    }
    const int outcome = measure_both(hand_off, job, samples);
    atomic_store(&hand_off->is_over, true);
    (void)pthread_join(sender, NULL);
    free(samples);
    return outcome;
}

int hand_off_cost(adk_driver_t *driver, const poll_job_t *job, int receiver_cpu, int sender_cpu)
{
    hand_off_t hand_off = { .sender_cpu = sender_cpu };
    int outcome = -1;

    begin_thread(receiver_cpu);
    if (injector_open(&hand_off.injector, job) < 0)
    {
        return -1;
    }
    if (open_channels(&hand_off, adk_driver_aeron(driver), job) == 0)
    {
        outcome = run(&hand_off, job);
        channels_close(&hand_off.senders);
        channels_close(&hand_off.receivers);
    }

    injector_close(&hand_off.injector);
    return outcome;
}
