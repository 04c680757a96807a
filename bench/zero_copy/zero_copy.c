/*
 * Would it pay to send straight from Aeron's term buffers? measure.py runs this, and decision 15 states the result.
 * Each of three ways makes frames of payloads that a client has just written, and gives them to a device.
 *
 *   zero_copy (time REPEATS CPU | count) EAL-ARGUMENT...
 *
 * time: nanoseconds per frame, as lines of text; the client runs on that CPU too. count: for callgrind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <valgrind/callgrind.h>

#include <rte_cycles.h>
#include <rte_debug.h>
#include <rte_eal.h>

#include "device.h"
#include "term.h"
#include "ways.h"

#define BURST (16)
#define FRAMES (64)
#define ROUNDS (200)
/* Two rounds through the descriptors: from then on each frame that is sent frees another. */
#define WARM_UP_ROUNDS (2 * DEVICE_DESCRIPTORS_MAX / FRAMES)
#define COUNTED_ROUNDS (DEVICE_DESCRIPTORS_MAX / FRAMES)
#define NS_PER_SECOND (1e9)
#define DEVICES (4)

static const uint16_t payload_lengths[] = { 288 + 32, 1344 + 32, 4096, 8192 };
#define PAYLOAD_LENGTHS (sizeof(payload_lengths) / sizeof(payload_lengths[0]))

typedef struct setting_stct
{
    const way_t *way;
    device_t *device;
    term_t *term;
    uint16_t payload_length;
    bool is_written_elsewhere;
} setting_t;

static ways_t ways;
static device_t devices[DEVICES];
static term_t terms[DEVICES];

static const uint8_t *write_payloads(const setting_t *setting)
{
    return term_write(setting->term, setting->payload_length, FRAMES, setting->is_written_elsewhere);
}

/* As in aeron_network_publication_send_data(): one frame's length gives the position of the next. */
static const uint8_t *scan(struct iovec *payloads, const uint8_t *next)
{
    for (int i = 0; i < BURST; i++)
    {
        uint32_t length;
        memcpy(&length, next, sizeof(length));
        payloads[i] = (struct iovec){ .iov_base = (void *)(uintptr_t)next, .iov_len = length };
        next += length;
    }
    return next;
}

static void send_payloads(const setting_t *setting, const uint8_t *next)
{
    struct iovec payloads[BURST];
    struct rte_mbuf *frames[BURST];

    for (int i = 0; i < FRAMES; i += BURST)
    {
        next = scan(payloads, next);
        setting->way->build(&ways, frames, payloads, BURST);
        setting->device->send(setting->device, frames, BURST);
    }
}

static int by_size(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Takes the median round, so that an interrupt in some rounds does not matter. */
static void time_frames(const setting_t *setting)
{
    static uint64_t rounds[ROUNDS];

    for (int i = 0; i < WARM_UP_ROUNDS + ROUNDS; i++)
    {
        const uint8_t *payloads = write_payloads(setting);
        const uint64_t start = rte_rdtsc_precise();
        send_payloads(setting, payloads);
        rounds[i % ROUNDS] = rte_rdtsc_precise() - start;
        device_drain(setting->device);
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), by_size);
    (void)printf(
        "%s %s %u %s %.2f\n",
        setting->device->name,
        setting->is_written_elsewhere ? "elsewhere" : "here",
        setting->payload_length,
        setting->way->name,
        (double)rounds[ROUNDS / 2] * NS_PER_SECOND / (double)rte_get_tsc_hz() / FRAMES);
}

static void count_frames(const setting_t *setting)
{
    char name[64];

    for (int i = 0; i < WARM_UP_ROUNDS; i++)
    {
        send_payloads(setting, write_payloads(setting));
        device_drain(setting->device);
    }
    CALLGRIND_ZERO_STATS;
    for (int i = 0; i < COUNTED_ROUNDS; i++)
    {
        const uint8_t *payloads = write_payloads(setting);
        CALLGRIND_START_INSTRUMENTATION;
        send_payloads(setting, payloads);
        CALLGRIND_STOP_INSTRUMENTATION;
        device_drain(setting->device);
    }
    (void)snprintf(name, sizeof(name), "%s %u %s", setting->device->name, setting->payload_length, setting->way->name);
    CALLGRIND_DUMP_STATS_AT(name);
}

/*
 * The ways one after the other for each combination of the other settings, so that they find the machine in the same
 * state.
 */
static void for_all_ways(bool is_written_elsewhere, void (*measure)(const setting_t *))
{
    for (int device = 0; device < DEVICES; device++)
    {
        for (size_t length = 0; length < PAYLOAD_LENGTHS; length++)
        {
            for (size_t way = 0; way < WAYS; way++)
            {
                const setting_t setting = {
                    .way = &all_ways[way],
                    .device = &devices[device],
                    .term = &terms[device],
                    .payload_length = payload_lengths[length],
                    .is_written_elsewhere = is_written_elsewhere,
                };
                measure(&setting);
            }
        }
    }
}

static void open_devices(void)
{
    device_open_ring(&devices[0], "ring_1024", 1024);
    device_open_ring(&devices[1], "ring_256", 256);
    device_open_null(&devices[2]);
    device_open_virtio(&devices[3]);
    term_open(&terms[0], false);
    terms[2] = terms[1] = terms[0];
    term_open(&terms[3], true);
}

int main(int argc, char **argv)
{
    const bool is_timed = argc > 3 && 0 == strcmp(argv[1], "time");
    const int own_arguments = is_timed ? 3 : 1;
    const int repeats = is_timed ? atoi(argv[2]) : 1;

    if (argc < 2 || rte_eal_init(argc - own_arguments, argv + own_arguments) < 0)
    {
        rte_panic("zero_copy (time REPEATS CPU | count) EAL-ARGUMENT...\n");
    }
    ways_open(&ways);
    open_devices();
    if (is_timed)
    {
        term_start_client((unsigned int)atoi(argv[3]));
    }
    for (int i = 0; i < repeats; i++)
    {
        for_all_ways(false, is_timed ? time_frames : count_frames);
        if (is_timed)
        {
            for_all_ways(true, time_frames);
        }
    }
    return EXIT_SUCCESS;
}
