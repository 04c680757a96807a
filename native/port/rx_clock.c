#include "port/rx_clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A thread may lose its CPU between two clock reads. */
#define ADK_READING_TRIES (5)
/*
 * A greater change of rate means that the kernel's clock was set, not slewed (adjtimex(2): at most 500 parts in a
 * million).
 */
#define ADK_RATE_CHANGE_MAX (1e-3)
#define ADK_SLEWED_NS_MAX (INT64_C(1000000))

static int64_t realtime_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * ADK_NS_PER_S + now.tv_nsec;
}

/* Reads both clocks at the same moment: the closest pair of a few tries. */
static bool read_both(uint16_t port_id, adk_clock_reading_t *reading)
{
    int64_t closest_ns = INT64_MAX;

    for (int i = 0; i < ADK_READING_TRIES; i++)
    {
        uint64_t ticks;
        const int64_t before_ns = realtime_ns();
        if (0 != rte_eth_read_clock(port_id, &ticks))
        {
            return false;
        }
        const int64_t taken_ns = realtime_ns() - before_ns;
        if (taken_ns >= 0 && taken_ns < closest_ns)
        {
            closest_ns = taken_ns;
            *reading = (adk_clock_reading_t){ ticks, before_ns + taken_ns / 2 };
        }
    }
    return INT64_MAX != closest_ns;
}

uint64_t adk_rx_clock_open(adk_rx_clock_t *clock, uint16_t port_id, uint64_t capabilities)
{
    uint64_t ticks;

    *clock = (adk_rx_clock_t){ 0 };
    if (0 == (capabilities & RTE_ETH_RX_OFFLOAD_TIMESTAMP) ||
        -ENOTSUP == rte_eth_read_clock(port_id, &ticks) ||
        rte_mbuf_dyn_rx_timestamp_register(&clock->offset, &clock->flag) < 0)
    {
        clock->flag = 0;
        return 0;
    }
    return RTE_ETH_RX_OFFLOAD_TIMESTAMP;
}

static void draw(adk_rx_clock_t *clock, adk_clock_reading_t begin, double ns_per_tick)
{
    const uint32_t version = atomic_load_explicit(&clock->version, memory_order_relaxed);

    atomic_store_explicit(&clock->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&clock->ticks, begin.ticks, memory_order_relaxed);
    atomic_store_explicit(&clock->ns, begin.ns, memory_order_relaxed);
    atomic_store_explicit(&clock->ns_per_tick, ns_per_tick, memory_order_relaxed);
    atomic_store_explicit(&clock->version, version + 2, memory_order_release);
}

void adk_rx_clock_follow(adk_rx_clock_t *clock, adk_clock_reading_t reading)
{
    const adk_clock_reading_t last = clock->reading;
    const double ticks = (double)(int64_t)(reading.ticks - last.ticks);
    const double elapsed_ns = (double)(reading.ns - last.ns);
    const bool is_first = !clock->has_reading;
    int64_t expected_ns;

    clock->has_reading = true;
    clock->reading = reading;
    if (is_first || ticks <= 0 || elapsed_ns <= 0)
    {
        atomic_store_explicit(&clock->version, 0, memory_order_relaxed);
        return;
    }

    const double ns_per_tick = elapsed_ns / ticks;
    if (!adk_rx_clock_ns(clock, reading.ticks, &expected_ns))
    {
        draw(clock, reading, ns_per_tick);
        return;
    }
    const double before = atomic_load_explicit(&clock->ns_per_tick, memory_order_relaxed);
    const int64_t behind_ns = reading.ns - expected_ns;
    if (fabs(ns_per_tick / before - 1) > ADK_RATE_CHANGE_MAX || llabs(behind_ns) > ADK_SLEWED_NS_MAX)
    {
        atomic_store_explicit(&clock->version, 0, memory_order_relaxed);
        return;
    }
    /* The remaining difference is made up by the time of the next reading. */
    draw(
        clock, (adk_clock_reading_t){ reading.ticks, expected_ns }, ns_per_tick * (1 + (double)behind_ns / elapsed_ns));
}

void adk_rx_clock_discipline(adk_rx_clock_t *clock, uint16_t port_id)
{
    adk_clock_reading_t reading;

    if (0 != clock->flag && read_both(port_id, &reading))
    {
        adk_rx_clock_follow(clock, reading);
    }
}

void adk_rx_clock_restart(adk_rx_clock_t *clock, uint16_t port_id)
{
    clock->has_reading = false;
    atomic_store_explicit(&clock->version, 0, memory_order_relaxed);
    adk_rx_clock_discipline(clock, port_id);
}
