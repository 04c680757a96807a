/* The load's thread. A turn is one duty cycle of the driver, and once in 64 turns one of the client's conductor. */
#ifndef ADK_LOAD_THREAD_H
#define ADK_LOAD_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "aeronc.h"
#include "load/load.h"

/* By default a client's conductor sleeps 16 ms between duty cycles (aeron_context.c). */
#define ADK_LOAD_TURNS_PER_CONDUCTOR (64)
#define ADK_LOAD_STALL_TIMEOUT_NS (INT64_C(10000000000))
/* The subscriber's measured time may start this much later than the publisher's, if its first message was lost. */
#define ADK_LOAD_LATE_NS (INT64_C(500000000))
/* While nothing moves, the clock is read once in this many turns. */
#define ADK_LOAD_TURNS_PER_STALL_CHECK (4096)

#define ADK_LOAD_THREAD_NAME "adk-load"

struct adk_load_stct
{
    adk_driver_t *driver;
    aeron_context_t *context;
    aeron_t *client;
    uint32_t turns;
    bool turns_driver;                /* INVOKER: the driver has no threads but ours */
    bool has_failed;
    atomic_bool is_stopping;
};

/* Names the calling thread and pins it to cpu, unless that is -1. */
int adk_load_pin(int cpu);

/* Runs the client's conductor. 0, or -1 when the client has failed or somebody called adk_load_stop(). */
int adk_load_conductor_turn(adk_load_t *load);

/* 0, or -1 when the phase cannot go on. */
static inline int adk_load_turn(adk_load_t *load)
{
    if (load->turns_driver && adk_driver_do_work(load->driver) < 0)
    {
        return -1;
    }
    if (0 == ++load->turns % ADK_LOAD_TURNS_PER_CONDUCTOR)
    {
        return adk_load_conductor_turn(load);
    }

    return 0;
}

/* A turn that also fails once the clock has passed deadline_ns; the error names what was awaited. */
int adk_load_wait_turn(adk_load_t *load, int64_t deadline_ns, const char *awaited);
/* Keeps turning until what was sent last has had time to be received, or to be retransmitted if it was lost. */
int adk_load_linger(adk_load_t *load);

#endif
