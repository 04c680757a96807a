#include "stack/endpoints.h"

#include <errno.h>
#include <time.h>

#include <rte_malloc.h>

#include "port/error.h"

/*
 * Aeron may drop a receive destination without calling close_func (aeron_driver_conductor.c, after
 * aeron_driver_conductor_validate_initial_window_for_rcvbuf() fails). A reservation that no thread has started to poll
 * after this long is taken to be such an orphan: a live receiver takes microseconds.
 */
#define ABANDONED_AFTER_S (2)

static uint32_t monotonic_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec;
}

int adk_endpoints_open(adk_endpoints_t *endpoints, int socket_id)
{
    endpoints->next_ephemeral = ADK_EPHEMERAL_PORT_FIRST;
    endpoints->slots = rte_zmalloc_socket(
        "adk_endpoints", ADK_ENDPOINTS * sizeof(adk_endpoint_t), RTE_CACHE_LINE_SIZE, socket_id);
    if (NULL == endpoints->slots)
    {
        adk_set_error(ENOMEM, "endpoint table: no memory for %d slots", ADK_ENDPOINTS);
        return -1;
    }
    return 0;
}

void adk_endpoints_close(adk_endpoints_t *endpoints)
{
    rte_free(endpoints->slots);
    endpoints->slots = NULL;
}

static int reserve(adk_endpoint_t *slot, void *owner, void **stale)
{
    const uint32_t now_s = monotonic_s();
    uint32_t state = adk_endpoint_state(slot);

    if (ADK_ENDPOINT_FREE != state)
    {
        if (ADK_ENDPOINT_RESERVED != state || now_s - slot->reserved_at_s < ABANDONED_AFTER_S)
        {
            return -EADDRINUSE;
        }
        /* Either no thread can publish it any more, or one just has. */
        if (!atomic_compare_exchange_strong_explicit(
                &slot->state, &state, ADK_ENDPOINT_WITHDRAWN, memory_order_acquire, memory_order_relaxed))
        {
            return -EADDRINUSE;
        }
        *stale = adk_endpoint_owner(slot);
    }
    atomic_store_explicit(&slot->owner, owner, memory_order_relaxed);
    slot->reserved_at_s = now_s;
    atomic_store_explicit(&slot->state, ADK_ENDPOINT_RESERVED, memory_order_release);
    return 0;
}

/* answers NULL: any free port will do. */
static int reserve_ephemeral(adk_endpoints_t *endpoints, const adk_answers_t *answers, void *owner, void **stale)
{
    for (int i = ADK_EPHEMERAL_PORT_FIRST; i <= ADK_EPHEMERAL_PORT_LAST; i++)
    {
        const uint32_t candidate = endpoints->next_ephemeral;
        endpoints->next_ephemeral = ADK_EPHEMERAL_PORT_LAST == candidate ? ADK_EPHEMERAL_PORT_FIRST : candidate + 1;
        if ((NULL == answers || adk_answers_reach_sender(answers, (uint16_t)candidate)) &&
            0 == reserve(adk_endpoint_of(endpoints, (uint16_t)candidate), owner, stale))
        {
            return (int)candidate;
        }
    }
    return -EADDRNOTAVAIL;
}

int adk_endpoints_reserve(adk_endpoints_t *endpoints, uint16_t port, void *owner, void **stale)
{
    *stale = NULL;
    if (0 == port)
    {
        return reserve_ephemeral(endpoints, NULL, owner, stale);
    }
    const int result = reserve(adk_endpoint_of(endpoints, port), owner, stale);
    return result < 0 ? result : port;
}

int adk_endpoints_reserve_for(adk_endpoints_t *endpoints, const adk_answers_t *answers, void *owner, void **stale)
{
    *stale = NULL;
    const int port = reserve_ephemeral(endpoints, answers, owner, stale);
    return port < 0 ? reserve_ephemeral(endpoints, NULL, owner, stale) : port;
}

void adk_endpoints_release(adk_endpoints_t *endpoints, uint16_t port, const void *owner)
{
    adk_endpoint_t *slot = adk_endpoint_of(endpoints, port);
    if (adk_endpoint_owner(slot) == owner)
    {
        atomic_store_explicit(&slot->owner, NULL, memory_order_relaxed);
        atomic_store_explicit(&slot->state, ADK_ENDPOINT_FREE, memory_order_release);
    }
}

int adk_endpoints_publish(adk_endpoints_t *endpoints, uint16_t port, const void *owner, enum adk_role_en role)
{
    adk_endpoint_t *slot = adk_endpoint_of(endpoints, port);
    uint32_t state = ADK_ENDPOINT_RESERVED;
    if (adk_endpoint_owner(slot) != owner ||
        !atomic_compare_exchange_strong_explicit(
            &slot->state, &state, adk_endpoint_polled_by(role), memory_order_acq_rel, memory_order_relaxed))
    {
        return -1;
    }
    if (adk_endpoint_owner(slot) != owner) /* taken over in the meantime */
    {
        atomic_store_explicit(&slot->state, ADK_ENDPOINT_RESERVED, memory_order_release);
        return -1;
    }
    return 0;
}

void adk_endpoints_withdraw(adk_endpoints_t *endpoints, uint16_t port, const void *owner)
{
    adk_endpoint_t *slot = adk_endpoint_of(endpoints, port);
    if (adk_endpoint_owner(slot) == owner)
    {
        atomic_store_explicit(&slot->state, ADK_ENDPOINT_WITHDRAWN, memory_order_release);
    }
}
