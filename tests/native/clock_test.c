/*
 * Our clocks against the kernel's. Each of our readings is taken between two of the kernel's, so losing the CPU does no
 * harm.
 */
#include <time.h>

#include <rte_cycles.h>

#include "suite.h"
#include "transport/clock.h"

/* The calibration's 5 ms are measured with an error of some 100 ns at worst. */
#define PART_PER (10000)

static int64_t kernel_ns(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

TEST(nanoseconds_are_those_of_the_monotonic_clock)
{
    const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

    adk_clock_calibrate();
    const int64_t before_first = kernel_ns(CLOCK_MONOTONIC);
    const int64_t first = adk_clock_nano();
    const int64_t after_first = kernel_ns(CLOCK_MONOTONIC);
    (void)nanosleep(&pause, NULL);
    const int64_t before_last = kernel_ns(CLOCK_MONOTONIC);
    const int64_t last = adk_clock_nano();
    const int64_t after_last = kernel_ns(CLOCK_MONOTONIC);

    const int64_t tolerance = (after_last - before_first) / PART_PER;
    CHECK(first >= before_first - tolerance && first <= after_first + tolerance);
    CHECK(last - first >= before_last - after_first - tolerance);
    CHECK(last - first <= after_last - before_first + tolerance);
}

TEST(nanoseconds_never_go_back)
{
    adk_clock_calibrate();
    int64_t last = adk_clock_nano();
    for (int i = 0; i < 100000; i++)
    {
        const int64_t now = adk_clock_nano();
        CHECK(now >= last);
        last = now;
    }
}

TEST(milliseconds_are_the_kernels_as_of_its_last_tick)
{
    const int64_t before = kernel_ns(CLOCK_REALTIME_COARSE) / (1000 * 1000);
    const int64_t epoch = adk_clock_epoch();
    const int64_t after = kernel_ns(CLOCK_REALTIME) / (1000 * 1000);
    CHECK(epoch >= before && epoch <= after);
}
