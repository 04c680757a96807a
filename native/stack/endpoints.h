/*
 * Which transport owns a UDP port. The conductor reserves and releases slots; the thread that polls a transport
 * publishes and withdraws its slot. A thread dereferences the owner only of slots that it published itself, so no frame
 * ever reaches a transport that is being torn down, and no lock is needed.
 */
#ifndef ADK_STACK_ENDPOINTS_H
#define ADK_STACK_ENDPOINTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "port/rss.h"
#include "stack/limits.h"

enum adk_role_en
{
    ADK_ROLE_SENDER = 0,
    ADK_ROLE_RECEIVER = 1,
    ADK_ROLE_CONTROL = 2,
    ADK_ROLE_COUNT = 3
};

enum adk_endpoint_state_en
{
    ADK_ENDPOINT_FREE = 0,
    ADK_ENDPOINT_RESERVED = 1,
    ADK_ENDPOINT_POLLED_BY_SENDER = 2,
    ADK_ENDPOINT_POLLED_BY_RECEIVER = 3,
    ADK_ENDPOINT_WITHDRAWN = 4        /* no thread polls it any more; the conductor is about to release it */
};

typedef struct adk_endpoint_stct
{
    _Atomic(void *) owner;            /* a thread that publishes late may read it while the conductor writes it */
    uint32_t reserved_at_s;           /* conductor only; monotonic clock */
    _Atomic uint32_t state;
} adk_endpoint_t;

static_assert(16 == sizeof(adk_endpoint_t), "four endpoints to a cache line");

typedef struct adk_endpoints_stct
{
    adk_endpoint_t *slots;            /* ADK_ENDPOINTS of them, indexed by the port in network order: rte_be16_t */
    uint32_t next_ephemeral;
} adk_endpoints_t;

int adk_endpoints_open(adk_endpoints_t *endpoints, int socket_id);
void adk_endpoints_close(adk_endpoints_t *endpoints);

/*
 * Reserves port, or a free ephemeral one for 0. Returns the port, or -EADDRINUSE / -EADDRNOTAVAIL.
 * stale receives the owner whose abandoned reservation was taken over, else NULL; if that owner turns out to be alive,
 * publishing fails for it.
 */
int adk_endpoints_reserve(adk_endpoints_t *endpoints, uint16_t port, void *owner, void **stale);
/* A free ephemeral port whose answers reach the sender's queue; if there is none, any free port. */
int adk_endpoints_reserve_for(adk_endpoints_t *endpoints, const adk_answers_t *answers, void *owner, void **stale);
/* Does nothing unless owner still has the port: a stale reservation may have passed to another transport. */
void adk_endpoints_release(adk_endpoints_t *endpoints, uint16_t port, const void *owner);

/* Owning thread only. 0, or -1 if the slot belongs to another transport by now. */
int adk_endpoints_publish(adk_endpoints_t *endpoints, uint16_t port, const void *owner, enum adk_role_en role);
void adk_endpoints_withdraw(adk_endpoints_t *endpoints, uint16_t port, const void *owner);

static inline adk_endpoint_t *adk_endpoint_of(const adk_endpoints_t *endpoints, uint16_t port)
{
    return &endpoints->slots[rte_cpu_to_be_16(port)];
}

static inline enum adk_endpoint_state_en adk_endpoint_polled_by(enum adk_role_en role)
{
    return ADK_ROLE_SENDER == role ? ADK_ENDPOINT_POLLED_BY_SENDER : ADK_ENDPOINT_POLLED_BY_RECEIVER;
}

static inline uint32_t adk_endpoint_state(const adk_endpoint_t *endpoint)
{
    return atomic_load_explicit(&endpoint->state, memory_order_acquire);
}

/*
 * Relaxed is enough: a thread that reads the owner either published the slot itself, or learns from the state that the
 * slot belongs to another thread by now.
 */
static inline void *adk_endpoint_owner(const adk_endpoint_t *endpoint)
{
    return atomic_load_explicit(&endpoint->owner, memory_order_relaxed);
}

#endif
