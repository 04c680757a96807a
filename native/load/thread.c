#include "load/thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "port/error.h"
#include "util/aeron_error.h"

/*
 * The time of five heartbeats, which are 100 ms apart (aeron_network_publication.h). By one of them a receiver notices
 * that the last messages were lost; it may have missed several while it was not scheduled.
 */
#define ADK_LOAD_LINGER_NS (INT64_C(500000000))

static void on_client_error(void *clientd, int code, const char *message)
{
    adk_load_t *load = (adk_load_t *)clientd;

    adk_set_error(code < 0 ? EIO : code, "the Aeron client failed: %s", message);
    load->has_failed = true;
}

int adk_load_pin(int cpu)
{
    cpu_set_t cpus;

    /* Others find the measuring thread in /proc by this name. */
    (void)pthread_setname_np(pthread_self(), ADK_LOAD_THREAD_NAME);
    if (cpu < 0)
    {
        return 0;
    }

    CPU_ZERO(&cpus);
    CPU_SET((size_t)cpu, &cpus);
    const int result = pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
    if (0 != result)
    {
        adk_set_error(result, "cannot run on CPU %d: %s", cpu, strerror(result));
        return -1;
    }

    return 0;
}

static int connect_client(adk_load_t *load, const char *aeron_dir)
{
    if (aeron_context_init(&load->context) < 0 ||
        aeron_context_set_dir(load->context, aeron_dir) < 0 ||
        aeron_context_set_use_conductor_agent_invoker(load->context, true) < 0 ||
        aeron_context_set_pre_touch_mapped_memory(load->context, true) < 0 ||
        aeron_context_set_error_handler(load->context, on_client_error, load) < 0 ||
        aeron_init(&load->client, load->context) < 0 ||
        aeron_start(load->client) < 0)
    {
        adk_set_error(aeron_errcode(), "the Aeron client cannot start: %s", aeron_errmsg());
        return -1;
    }

    return 0;
}

static adk_load_t *create(void)
{
    adk_load_t *load = calloc(1, sizeof(*load));
    if (NULL == load)
    {
        adk_set_error(ENOMEM, "no memory for the load generator");
    }
    return load;
}

adk_load_t *adk_load_connect(const char *aeron_dir, int cpu)
{
    adk_load_t *load = create();
    if (NULL != load && (connect_client(load, aeron_dir) < 0 || adk_load_pin(cpu) < 0))
    {
        (void)adk_load_close(load);
        return NULL;
    }
    return load;
}

adk_load_t *adk_load_open(adk_driver_t *driver, int cpu)
{
    adk_load_t *load = create();
    if (NULL == load)
    {
        return NULL;
    }

    load->driver = driver;
    load->turns_driver = 0 == strcmp("INVOKER", adk_driver_threading_mode(driver));
    /* The client waits for the driver's heartbeat but does not run the driver, so the first one must be there. */
    if (adk_driver_start(driver, load->turns_driver) < 0 ||
        (load->turns_driver && adk_driver_do_work(driver) < 0) ||
        connect_client(load, adk_driver_aeron_dir(driver)) < 0)
    {
        goto error;
    }
    /* After the driver's start, whose on-start hook sets the affinity of the thread that runs it. */
    if (adk_load_pin(cpu) < 0)
    {
        goto error;
    }

    return load;

error:
    (void)adk_load_close(load);
    return NULL;
}

int adk_load_close(adk_load_t *load)
{
    int result = 0;

    if (NULL == load)
    {
        return 0;
    }
    if (NULL != load->client && aeron_close(load->client) < 0)
    {
        adk_set_error(aeron_errcode(), "the Aeron client did not close: %s", aeron_errmsg());
        result = -1;
    }
    if (NULL != load->context && aeron_context_close(load->context) < 0)
    {
        adk_set_error(aeron_errcode(), "the Aeron client's context did not close: %s", aeron_errmsg());
        result = -1;
    }

    free(load);
    return result;
}

void adk_load_stop(adk_load_t *load)
{
    atomic_store_explicit(&load->is_stopping, true, memory_order_relaxed);
}

int adk_load_conductor_turn(adk_load_t *load)
{
    (void)aeron_main_do_work(load->client);
    if (load->has_failed)
    {
        return -1;
    }
    if (atomic_load_explicit(&load->is_stopping, memory_order_relaxed))
    {
        adk_set_error(ECANCELED, "the load was stopped");
        return -1;
    }

    return 0;
}

int adk_load_wait_turn(adk_load_t *load, int64_t deadline_ns, const char *awaited)
{
    if (aeron_nano_clock() > deadline_ns)
    {
        adk_set_error(
            ETIMEDOUT, "gave up after %d s of waiting for %s", (int)(ADK_LOAD_STALL_TIMEOUT_NS / 1000000000), awaited);
        return -1;
    }

    return adk_load_turn(load);
}

int adk_load_linger(adk_load_t *load)
{
    const int64_t end_ns = aeron_nano_clock() + ADK_LOAD_LINGER_NS;

    while (aeron_nano_clock() < end_ns)
    {
        if (adk_load_turn(load) < 0)
        {
            return -1;
        }
    }

    return 0;
}
