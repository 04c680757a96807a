/* What it costs that a frame is polled by one thread and belongs to the other. */
#include <errno.h>
#include <pthread.h>

#include <rte_lcore.h>

#include "load/channels.h"
#include "load/histogram.h"
#include "load/injector.h"
#include "load/thread.h"
#include "port/error.h"

typedef struct adk_hand_off_stct
{
    adk_channels_t receivers;         /* one channel each */
    adk_channels_t senders;
    adk_injector_t injector;
    int sender_cpu;
    atomic_bool is_over;
    atomic_bool is_ready;
    _Atomic int64_t arrived_ns;       /* 0 while a frame is under way */
} adk_hand_off_t;

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
    adk_hand_off_t *hand_off = (adk_hand_off_t *)clientd;

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
    adk_hand_off_t *hand_off = (adk_hand_off_t *)state;

    begin_thread(hand_off->sender_cpu);
    atomic_store(&hand_off->is_ready, true);
    while (!atomic_load_explicit(&hand_off->is_over, memory_order_relaxed))
    {
        (void)adk_channels_poll(&hand_off->senders, on_datagram, hand_off);
    }
    rte_thread_unregister();
    return NULL;
}

static int measure(adk_hand_off_t *hand_off, uint16_t udp_port, uint32_t frames, adk_histogram_t *histogram)
{
    for (uint32_t i = 0; i < frames; i++)
    {
        int64_t arrived_ns;

        atomic_store_explicit(&hand_off->arrived_ns, 0, memory_order_relaxed);
        if (adk_injector_put(&hand_off->injector, udp_port) < 0)
        {
            return -1;
        }
        const int64_t start_ns = aeron_nano_clock();
        do
        {
            (void)adk_channels_poll(&hand_off->receivers, on_datagram, hand_off);
            arrived_ns = atomic_load_explicit(&hand_off->arrived_ns, memory_order_acquire);
            if (aeron_nano_clock() > start_ns + ADK_LOAD_STALL_TIMEOUT_NS)
            {
                adk_set_error(ETIMEDOUT, "the frame to UDP port %u did not arrive", udp_port);
                return -1;
            }
        } while (0 == arrived_ns);
        adk_histogram_record(histogram, arrived_ns - start_ns);
    }

    return 0;
}

static int open_channels(adk_hand_off_t *hand_off, aeron_driver_t *driver, const adk_poll_job_t *job)
{
    if (adk_channels_open(
            &hand_off->receivers,
            driver,
            AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER,
            job->local_ipv4,
            job->first_udp_port,
            1) < 0)
    {
        return -1;
    }
    if (adk_channels_open(
            &hand_off->senders,
            driver,
            AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER,
            job->local_ipv4,
            (uint16_t)(job->first_udp_port + 1),
            1) < 0)
    {
        adk_channels_close(&hand_off->receivers);
        return -1;
    }

    return 0;
}

static int run(
    adk_hand_off_t *hand_off, const adk_poll_job_t *job, adk_histogram_t *direct, adk_histogram_t *handed_over)
{
    const uint32_t frames = job->batches * ADK_INJECTOR_BURST_LENGTH;
    pthread_t sender;

    const int result = pthread_create(&sender, NULL, poll_as_sender, hand_off);
    if (0 != result)
    {
        adk_set_error(result, "cannot start the sender's thread");
        return -1;
    }
    while (!atomic_load(&hand_off->is_ready))
    {
        rte_pause();
    }
    int outcome = measure(hand_off, job->first_udp_port, frames, direct);
    if (0 == outcome)
    {
        outcome = measure(hand_off, (uint16_t)(job->first_udp_port + 1), frames, handed_over);
    }
    atomic_store(&hand_off->is_over, true);
    (void)pthread_join(sender, NULL);
    return outcome;
}

int adk_hand_off_measure(
    adk_driver_t *driver,
    const adk_poll_job_t *job,
    int receiver_cpu,
    int sender_cpu,
    adk_histogram_t *direct,
    adk_histogram_t *handed_over)
{
    adk_hand_off_t hand_off = { .sender_cpu = sender_cpu };
    int outcome = -1;

    begin_thread(receiver_cpu);
    if (adk_injector_open(&hand_off.injector, job) < 0)
    {
        return -1;
    }
    if (open_channels(&hand_off, adk_driver_aeron(driver), job) == 0)
    {
        outcome = run(&hand_off, job, direct, handed_over);
        adk_channels_close(&hand_off.senders);
        adk_channels_close(&hand_off.receivers);
    }

    adk_injector_close(&hand_off.injector);
    return outcome;
}
