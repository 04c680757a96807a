/* An Aeron client with its own conductor thread, and blocking versions of the asynchronous calls of aeronc.h. */
#ifndef AERON_DPDK_TEST_CLIENT_H
#define AERON_DPDK_TEST_CLIENT_H

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "aeronc.h"
#include "options.h"
#include "report.h"

/* Aeron's own 16 ms would dominate a test that opens hundreds of channels one after the other. */
#define CLIENT_CONDUCTOR_SLEEP_NS (1000000)

enum exit_codes_en
{
    EXIT_AERON_ERROR = 3,
    EXIT_NO_PROGRESS = 4,
    EXIT_WRONG_CONTENT = 5
};

static volatile sig_atomic_t client_is_stopped = 0;

static inline void client_on_signal(int signal_number)
{
    (void)signal_number;
    client_is_stopped = 1;
}

static inline void client_sleep_us(uint64_t us)
{
    const struct timespec pause = { .tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000 };
    nanosleep(&pause, NULL);
}

static inline void client_fail(const char *doing)
{
    report_error(doing, aeron_errcode(), aeron_errmsg());
    exit(EXIT_AERON_ERROR);
}

static inline void client_on_error(void *clientd, int code, const char *message)
{
    (void)clientd;
    report_error("client", code, message);
}

static inline aeron_t *client_open(const options_t *options)
{
    aeron_context_t *context = NULL;
    aeron_t *client = NULL;

    signal(SIGTERM, client_on_signal);
    signal(SIGINT, client_on_signal);

    if (aeron_context_init(&context) < 0 ||
        aeron_context_set_dir(context, options->dir) < 0 ||
        aeron_context_set_error_handler(context, client_on_error, NULL) < 0 ||
        aeron_context_set_idle_sleep_duration_ns(context, CLIENT_CONDUCTOR_SLEEP_NS) < 0 ||
        (options->is_patient && aeron_context_set_driver_timeout_ms(context, options->timeout_ms) < 0) ||
        aeron_init(&client, context) < 0 ||
        aeron_start(client) < 0)
    {
        client_fail("connect");
    }

    return client;
}

/* A time limit without progress, restarted by client_progressed(). */
typedef struct deadline_stct
{
    int64_t limit_ms;
    int64_t since_ms;
} deadline_t;

static inline deadline_t deadline_start(uint64_t limit_ms)
{
    return (deadline_t){ .limit_ms = (int64_t)limit_ms, .since_ms = aeron_epoch_clock() };
}

static inline void deadline_progressed(deadline_t *deadline)
{
    deadline->since_ms = aeron_epoch_clock();
}

static inline bool deadline_is_over(const deadline_t *deadline)
{
    return aeron_epoch_clock() - deadline->since_ms > deadline->limit_ms;
}

/* Begin and await are separate calls, so that hundreds of channels can be opened at once. */
static inline aeron_async_add_subscription_t *client_begin_subscription(
    aeron_t *client, const char *channel, int32_t stream_id)
{
    aeron_async_add_subscription_t *async = NULL;
    if (aeron_async_add_subscription(&async, client, channel, stream_id, NULL, NULL, NULL, NULL) < 0)
    {
        client_fail("subscribe");
    }
    return async;
}

static inline aeron_subscription_t *client_await_subscription(aeron_async_add_subscription_t *async)
{
    aeron_subscription_t *subscription = NULL;
    while (NULL == subscription)
    {
        if (aeron_async_add_subscription_poll(&subscription, async) < 0)
        {
            client_fail("subscribe");
        }
        client_sleep_us(500);
    }

    return subscription;
}

static inline aeron_async_add_publication_t *client_begin_publication(
    aeron_t *client, const char *channel, int32_t stream_id)
{
    aeron_async_add_publication_t *async = NULL;
    if (aeron_async_add_publication(&async, client, channel, stream_id) < 0)
    {
        client_fail("publish");
    }
    return async;
}

static inline aeron_publication_t *client_await_publication(aeron_async_add_publication_t *async)
{
    aeron_publication_t *publication = NULL;
    while (NULL == publication)
    {
        if (aeron_async_add_publication_poll(&publication, async) < 0)
        {
            client_fail("publish");
        }
        client_sleep_us(500);
    }

    return publication;
}

static inline aeron_async_add_exclusive_publication_t *client_begin_exclusive_publication(
    aeron_t *client, const char *channel, int32_t stream_id)
{
    aeron_async_add_exclusive_publication_t *async = NULL;
    if (aeron_async_add_exclusive_publication(&async, client, channel, stream_id) < 0)
    {
        client_fail("publish");
    }
    return async;
}

static inline aeron_exclusive_publication_t *client_await_exclusive_publication(
    aeron_async_add_exclusive_publication_t *async)
{
    aeron_exclusive_publication_t *publication = NULL;
    while (NULL == publication)
    {
        if (aeron_async_add_exclusive_publication_poll(&publication, async) < 0)
        {
            client_fail("publish");
        }
        client_sleep_us(500);
    }

    return publication;
}

static inline void client_await_destination(int added, aeron_async_destination_t *async)
{
    if (added < 0)
    {
        client_fail("add destination");
    }
    for (int result = 0; 1 != result; client_sleep_us(500))
    {
        result = aeron_publication_async_destination_poll(async);
        if (result < 0)
        {
            client_fail("add destination");
        }
    }
}

#endif
