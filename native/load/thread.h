/* The load's thread: a turn of it is a duty cycle of the driver, and now and then one of the client's conductor. */
#ifndef ADK_LOAD_THREAD_H
#define ADK_LOAD_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>

#include "aeronc.h"
#include "load/load.h"

/* A client's conductor of its own sleeps 16 ms between duty cycles (aeron_context.c); here it gets one in 64 turns. */
#define ADK_LOAD_TURNS_PER_CONDUCTOR (64)
#define ADK_LOAD_STALL_TIMEOUT_NS (INT64_C(10000000000))
/* How much later than the publisher's clock the subscriber's may start: its first message may have to be sent again. */
#define ADK_LOAD_LATE_NS (INT64_C(500000000))
/* The clock of what does not move is looked at once in so many turns. */
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

/* The client's conductor; 0, or -1 when the client has failed or somebody called adk_load_stop(). */
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

/* A turn that also fails, naming what was waited for, once the clock has passed deadline_ns. */
int adk_load_wait_turn(adk_load_t *load, int64_t deadline_ns, const char *awaited);
/* Turns for long enough that what was sent last is received, and sent again if it was lost. */
int adk_load_linger(adk_load_t *load);

#endif
