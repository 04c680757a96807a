/* Who may look behind an endpoint while it comes and goes, through native/stack/endpoints.c itself. */
#include "model.h"

#include "port/error.c"
#include "port/rss.c"
#include "stack/endpoints.c"

#define PORT (20121)

static adk_endpoints_t endpoints;
static adk_endpoint_t slots[ADK_ENDPOINTS];
static int owners[2];
static bool is_freed;
static _Atomic int command; /* Aeron's queue from the conductor to the thread that polls, and the answer back */
static _Atomic int answer;

enum
{
    ADD = 1,
    REMOVE = 2
};

static void begin(void)
{
    memset(adk_endpoint_of(&endpoints, PORT), 0, sizeof(adk_endpoint_t));
    is_freed = false;
}

static bool is_removed(void)
{
    return REMOVE == (int)model_newest(&answer, sizeof(answer));
}

static void conductor(void)
{
    void *stale;
    model_require(PORT == adk_endpoints_reserve(&endpoints, PORT, &owners[0], &stale), "a free port is refused");
    atomic_store_explicit(&command, ADD, memory_order_release);
    atomic_store_explicit(&command, REMOVE, memory_order_release);
    model_stop(is_removed);
    int seen = REMOVE; /* by a read-modify-write, which sees the newest */
    (void)atomic_compare_exchange_strong_explicit(&answer, &seen, REMOVE, memory_order_acquire, memory_order_relaxed);
    adk_endpoints_release(&endpoints, PORT, &owners[0]);
    is_freed = true;
}

/* A frame for the port, on the thread that polls it: the owner is Aeron's transport, and must be alive. */
static void poll_once(void)
{
    const adk_endpoint_t *endpoint = adk_endpoint_of(&endpoints, PORT);
    if (ADK_ENDPOINT_POLLED_BY_RECEIVER == adk_endpoint_state(endpoint))
    {
        model_require(
            adk_endpoint_owner(endpoint) == &owners[0] && !is_freed, "a frame reaches a transport that is gone");
    }
}

static void receiver(void)
{
    int done = 0;
    for (int i = 0; done != REMOVE && i < 2; i++)
    {
        const int wanted = atomic_load_explicit(&command, memory_order_acquire);
        if (ADD <= wanted && done < ADD)
        {
            model_require(
                0 == adk_endpoints_publish(&endpoints, PORT, &owners[0], ADK_ROLE_RECEIVER), "an owner is refused");
            done = ADD;
        }
        poll_once();
        if (REMOVE == wanted)
        {
            adk_endpoints_withdraw(&endpoints, PORT, &owners[0]);
            atomic_store_explicit(&answer, REMOVE, memory_order_release);
            done = REMOVE;
        }
        poll_once();
    }
    if (REMOVE != done)
    {
        adk_endpoints_withdraw(&endpoints, PORT, &owners[0]);
        atomic_store_explicit(&answer, REMOVE, memory_order_release);
    }
    poll_once();
}

/* The other thread hands frames over by the state alone, and never looks behind it. */
static void sender(void)
{
    const uint32_t first = adk_endpoint_state(adk_endpoint_of(&endpoints, PORT));
    const uint32_t then = adk_endpoint_state(adk_endpoint_of(&endpoints, PORT));
    model_require(
        ADK_ENDPOINT_POLLED_BY_SENDER != first && ADK_ENDPOINT_POLLED_BY_SENDER != then,
        "the sender takes the receiver's endpoint for its own");
    model_require(ADK_ENDPOINT_WITHDRAWN != first || ADK_ENDPOINT_POLLED_BY_RECEIVER != then, "an endpoint comes back");
}

/* A receiver that was stopped for seconds publishes what the conductor has meanwhile given to another. */
static void late_receiver(void)
{
    (void)adk_endpoints_publish(&endpoints, PORT, &owners[0], ADK_ROLE_RECEIVER);
}

static void next_owner(void)
{
    void *stale;
    (void)adk_endpoints_reserve(&endpoints, PORT, &owners[1], &stale);
}

/* What stands in the end: the receiver's thread looks behind what is published, and knows its own only. */
static void begin_late(void)
{
    adk_endpoint_t *slot = adk_endpoint_of(&endpoints, PORT);
    begin();
    slot->owner = &owners[0];
    slot->state = ADK_ENDPOINT_RESERVED; /* at second 0, long ago */
}

static void check_late(void)
{
    const adk_endpoint_t *slot = adk_endpoint_of(&endpoints, PORT);
    const uint64_t state = model_newest(&slot->state, sizeof(slot->state));
    const uint64_t owner = model_newest(&slot->owner, sizeof(slot->owner));
    model_require(
        ADK_ENDPOINT_POLLED_BY_RECEIVER != state || (uint64_t)(uintptr_t)&owners[0] == owner,
        "another's transport is polled");
}

int main(void)
{
    void (*const all[])(void) = { conductor, receiver, sender };
    void (*const late[])(void) = { late_receiver, next_owner };

    endpoints.slots = slots;
    model_explore("no_frame_reaches_a_transport_that_is_gone", 3, begin, NULL, 3, all);
    model_explore("a_late_publisher_never_publishes_another_s_transport", 8, begin_late, check_late, 2, late);
    return EXIT_SUCCESS;
}
