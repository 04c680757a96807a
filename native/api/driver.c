/* The Aeron media driver as a whole: context, our bindings, its threads, and its shutdown. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "aeron_driver.h"
#include "api/internal.h"
#include "port/error.h"
#include "stack/ipv6/stack.h"
#include "transport/agent.h"
#include "transport/clock.h"
#include "transport/counters.h"
#include "transport/storage.h"

struct adk_driver_stct
{
    aeron_driver_context_t *context;
    aeron_driver_t *driver;
    adk_media_t media;
    adk_agent_start_t agent_start;
    _Atomic bool is_terminated;
    _Atomic bool is_stopping;
    bool has_invoker;
    pthread_t invoker;
};

const char *adk_aeron_version(void)
{
    return aeron_version_text();
}

static int fail(const char *step)
{
    adk_set_error(aeron_errcode(), "%s: %s", step, aeron_errmsg());
    aeron_err_clear();
    return -1;
}

static void on_termination(void *state)
{
    adk_driver_t *driver = state;
    atomic_store_explicit(&driver->is_terminated, true, memory_order_release);
    if (NULL != driver->media.stack)
    {
        adk_wakeup_give(driver->media.stack->port.wakeup);
    }
}

static int use_ports(adk_driver_t *driver, adk_stack_t *stack)
{
    aeron_driver_context_bindings_clientd_entry_t *entry =
        aeron_driver_context_bindings_clientd_get_or_find_first_free_entry(driver->context, ADK_BINDINGS_NAME);
    if (NULL == entry)
    {
        adk_set_error(ENOMEM, "no free bindings entry in the driver context");
        return -1;
    }

    driver->media.stack = stack;
    entry->clientd = &driver->media;
    if (stack->trusts_tsc)
    {
        adk_clock_calibrate();
        driver->context->nano_clock = adk_clock_nano;
        driver->context->epoch_clock = adk_clock_epoch;
    }
    for (const adk_stack_t *each = stack; NULL != each; each = each->next)
    {
        adk_interface_publish(
            each->name,
            rte_be_to_cpu_32(each->local.ipv4_be),
            each->prefix_length,
            NULL == each->ipv6 ? NULL : &each->ipv6->locals);
    }
    driver->context->conductor_udp_channel_transport_bindings = &adk_resolver_bindings;
    return aeron_driver_context_set_udp_channel_transport_bindings(driver->context, &adk_transport_bindings) < 0
        ? fail("transport bindings")
        : 0;
}

/* As in aeronmd.c, plus our own first step for every thread. */
static int configure(adk_driver_t *driver)
{
    aeron_driver_context_t *context = driver->context;

    if (aeron_driver_context_set_driver_termination_hook(context, on_termination, driver) < 0)
    {
        return fail("termination hook");
    }
    if (aeron_driver_apply_cpuset_affinity(context) < 0)
    {
        return fail("AERON_DRIVER_CPUSET_AFFINITY");
    }
    if (context->perform_storage_checks)
    {
        context->usable_fs_space_func = adk_storage_usable;
    }
    context->agent_on_start_func_delegate = context->agent_on_start_func;
    context->agent_on_start_state_delegate = context->agent_on_start_state;
    driver->agent_start.context = context;
    driver->agent_start.process_mask = *adk_eal_process_mask();
    return aeron_driver_context_set_agent_on_start_function(context, adk_agent_on_start, &driver->agent_start) < 0
        ? fail("agent start function")
        : 0;
}

/* Over kernel sockets: applies the configured affinities, as aeronmd.c does. */
static int configure_stock(adk_driver_t *driver)
{
    aeron_driver_context_t *context = driver->context;
    return aeron_driver_context_set_agent_on_start_function(context, aeron_set_thread_affinity_on_start, context) < 0
        ? fail("agent start function")
        : 0;
}

/*
 * Frees what Aeron leaves behind: pollers when aeron_driver_init() fails half-way, and transports it forgot to close.
 */
static void free_leftovers(adk_media_t *media)
{
    for (int role = 0; role < ADK_ROLE_CONTROL; role++)
    {
        adk_poller_free(media->pollers[role]);
    }
    adk_orphans_free(media);
}

static void discard(adk_driver_t *driver)
{
    if (NULL != driver->media.stack)
    {
        adk_interface_withdraw();
        adk_counters_close(&driver->media);
        free_leftovers(&driver->media);
    }
    free(driver);
}

adk_driver_t *adk_driver_open(adk_stack_t *stack)
{
    adk_driver_t *driver = calloc(1, sizeof(*driver));
    if (NULL == driver)
    {
        adk_set_error(ENOMEM, "no memory for the driver");
        return NULL;
    }

    if (aeron_driver_context_init(&driver->context) < 0)
    {
        (void)fail("driver context");
        goto error;
    }
    if (NULL == stack ? configure_stock(driver) < 0 : use_ports(driver, stack) < 0 || configure(driver) < 0)
    {
        goto error;
    }
    if (aeron_driver_init(&driver->driver, driver->context) < 0)
    {
        (void)fail("driver init");
        goto error;
    }
    return driver;

error:
    /* The operator must see the first error, whatever the context reports while closing. */
    (void)aeron_driver_context_close(driver->context);
    aeron_err_clear();
    discard(driver);
    return NULL;
}

static void *run_invoker(void *state)
{
    adk_driver_t *driver = state;
    while (!atomic_load_explicit(&driver->is_stopping, memory_order_acquire))
    {
        aeron_driver_main_idle_strategy(driver->driver, aeron_driver_main_do_work(driver->driver));
    }
    return NULL;
}

static void *start_invoker(void *state)
{
    adk_driver_t *driver = state;
    if (aeron_driver_start(driver->driver, true) < 0)
    {
        return NULL;
    }
    return run_invoker(driver);
}

int adk_driver_start(adk_driver_t *driver, int is_manual)
{
    const bool is_invoker = AERON_THREADING_MODE_INVOKER == aeron_driver_context_get_threading_mode(driver->context);

    if (is_invoker && !is_manual)
    {
        /*
         * The invoking thread starts the driver itself, so that the on-start function runs on the thread that does the
         * work.
         */
        const int result = pthread_create(&driver->invoker, NULL, start_invoker, driver);
        if (0 != result)
        {
            adk_set_error(result, "cannot start the invoker thread");
            return -1;
        }
        driver->has_invoker = true;
        return 0;
    }
    return aeron_driver_start(driver->driver, is_invoker) < 0 ? fail("driver start") : 0;
}

int adk_driver_do_work(adk_driver_t *driver)
{
    return aeron_driver_main_do_work(driver->driver);
}

int adk_driver_state(adk_driver_t *driver)
{
    return atomic_load_explicit(&driver->is_terminated, memory_order_acquire) ? ADK_DRIVER_TERMINATED
                                                                              : ADK_DRIVER_RUNNING;
}

const char *adk_driver_aeron_dir(adk_driver_t *driver)
{
    return aeron_driver_context_get_dir(driver->context);
}

const char *adk_driver_threading_mode(adk_driver_t *driver)
{
    static const char *const names[] = {
        [AERON_THREADING_MODE_DEDICATED] = "DEDICATED",
        [AERON_THREADING_MODE_SHARED_NETWORK] = "SHARED_NETWORK",
        [AERON_THREADING_MODE_SHARED] = "SHARED",
        [AERON_THREADING_MODE_INVOKER] = "INVOKER",
    };
    return names[aeron_driver_context_get_threading_mode(driver->context)];
}

void adk_driver_publish_counts(adk_driver_t *driver)
{
    if (NULL != driver->media.counters)
    {
        adk_counters_publish(&driver->media);
    }
}

void *adk_driver_aeron(adk_driver_t *driver)
{
    return driver->driver;
}

int adk_driver_close(adk_driver_t *driver)
{
    int result = 0;

    if (NULL == driver)
    {
        return 0;
    }
    if (driver->has_invoker)
    {
        atomic_store_explicit(&driver->is_stopping, true, memory_order_release);
        (void)pthread_join(driver->invoker, NULL);
    }
    if (aeron_driver_close(driver->driver) < 0)
    {
        result = fail("driver close");
    }
    if (aeron_driver_context_close(driver->context) < 0)
    {
        result = fail("driver context close");
    }
    discard(driver);
    return result;
}
