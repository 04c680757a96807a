#include "transport/clock.h"

#include <time.h>

#include <rte_cycles.h>

#define CALIBRATION_NS (5 * 1000 * 1000)
#define FRACTION_BITS (32)

__extension__ typedef unsigned __int128 wide_t;

/* Written before any thread of Aeron's exists. */
static uint64_t start_tsc;
static int64_t start_ns;
static uint64_t ns_per_tick;          /* fixed point with FRACTION_BITS fractional bits */

/* Reads both clocks at the same moment: the closest pair of a few tries, since a thread may lose its CPU in between. */
static int64_t monotonic_ns(uint64_t *tsc)
{
    uint64_t shortest = UINT64_MAX;
    int64_t ns = 0;

    for (int i = 0; i < 8; i++)
    {
        struct timespec now;
        const uint64_t before = rte_rdtsc_precise();
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        const uint64_t after = rte_rdtsc_precise();
        if (after - before < shortest)
        {
            shortest = after - before;
            *tsc = before + (after - before) / 2;
            ns = now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
        }
    }
    return ns;
}

void adk_clock_calibrate(void)
{
    const struct timespec pause = { .tv_nsec = CALIBRATION_NS };
    uint64_t end_tsc;

    start_ns = monotonic_ns(&start_tsc);
    (void)nanosleep(&pause, NULL);
    const int64_t end_ns = monotonic_ns(&end_tsc);
    ns_per_tick = (uint64_t)(((wide_t)(end_ns - start_ns) << FRACTION_BITS) / (end_tsc - start_tsc));
}

int64_t adk_clock_nano(void)
{
    return start_ns + (int64_t)((wide_t)(rte_rdtsc() - start_tsc) * ns_per_tick >> FRACTION_BITS);
}

int64_t adk_clock_epoch(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * 1000 + now.tv_nsec / (1000 * 1000);
}
