/*
 * When a device received a frame, from its own time stamps (RTE_ETH_RX_OFFLOAD_TIMESTAMP), as CLOCK_REALTIME. Its clock
 * is read together with the kernel's once a second, and a line through these readings converts in between. Each line
 * continues the previous one without a step, as with adjtime(3); after a clock was set, a new line starts.
 */
#ifndef ADK_PORT_RX_CLOCK_H
#define ADK_PORT_RX_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>

#define ADK_NS_PER_S (INT64_C(1000000000))

typedef struct adk_clock_reading_stct
{
    uint64_t ticks;
    int64_t ns;
} adk_clock_reading_t;

typedef struct adk_rx_clock_stct
{
    uint64_t flag;                    /* of an mbuf that has a time stamp; 0: this device has none */
    int offset;                       /* of the time stamp in the mbuf */
    _Atomic uint32_t version;         /* of the line: odd while it is being written, 0 while there is none */
    _Atomic uint64_t ticks;           /* where the line begins */
    _Atomic int64_t ns;
    _Atomic double ns_per_tick;
    bool has_reading;                 /* the fields from here on belong to the control thread */
    adk_clock_reading_t reading;
} adk_rx_clock_t;

/* The offload to configure, or 0 if the device lacks the time stamps or the clock to interpret them. */
uint64_t adk_rx_clock_open(adk_rx_clock_t *clock, uint16_t port_id, uint64_t capabilities);
/* The device was restarted, and its clock may have been too. */
void adk_rx_clock_restart(adk_rx_clock_t *clock, uint16_t port_id);
/* Control thread, about once a second. */
void adk_rx_clock_discipline(adk_rx_clock_t *clock, uint16_t port_id);
/* The part of discipline that handles a reading. */
void adk_rx_clock_follow(adk_rx_clock_t *clock, adk_clock_reading_t reading);

/* Any thread. False if the time is unknown: no time stamp, no line yet, or one that is just being written. */
static inline bool adk_rx_clock_ns(const adk_rx_clock_t *clock, uint64_t ticks, int64_t *ns)
{
    const uint32_t version = atomic_load_explicit(&clock->version, memory_order_acquire);
    const uint64_t begin = atomic_load_explicit(&clock->ticks, memory_order_relaxed);
    const int64_t begin_ns = atomic_load_explicit(&clock->ns, memory_order_relaxed);
    const double ns_per_tick = atomic_load_explicit(&clock->ns_per_tick, memory_order_relaxed);

    atomic_thread_fence(memory_order_acquire);
    *ns = begin_ns + (int64_t)((double)(int64_t)(ticks - begin) * ns_per_tick);
    return 0 != version && 0 == version % 2 && atomic_load_explicit(&clock->version, memory_order_relaxed) == version;
}

static inline bool adk_rx_clock_time(const adk_rx_clock_t *clock, const struct rte_mbuf *mbuf, struct timespec *time)
{
    int64_t ns;

    if (0 == (mbuf->ol_flags & clock->flag) ||
        !adk_rx_clock_ns(clock, *RTE_MBUF_DYNFIELD(mbuf, (size_t)clock->offset, const rte_mbuf_timestamp_t *), &ns))
    {
        return false;
    }
    time->tv_sec = ns / ADK_NS_PER_S;
    time->tv_nsec = ns % ADK_NS_PER_S;
    return true;
}

#endif
