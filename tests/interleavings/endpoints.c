/* Which thread may use an endpoint's owner while channels come and go; native/stack/endpoints.c itself runs. */
#include "model.h"

#include "port/error.c"
#include "port/rss.c"
#include "stack/endpoints.c"

#define PORT (20121)

static adk_endpoints_t endpoints;
static adk_endpoint_t slots[ADK_ENDPOINTS];
static int owners[2];
static bool is_freed;
static _Atomic int command; /* stands for Aeron's queue from the conductor to the polling thread, and for its answer */
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
    int seen = REMOVE; /* a read-modify-write sees the newest value */
    (void)atomic_compare_exchange_strong_explicit(&answer, &seen, REMOVE, memory_order_acquire, memory_order_relaxed);
    adk_endpoints_release(&endpoints, PORT, &owners[0]);
    is_freed = true;
}

/* A frame for the UDP port arrives at the polling thread: the owner is Aeron's transport, and must not be closed. */
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

/* The other thread decides by the state alone to hand a frame over, and never reads the owner. */
static void sender(void)
{
    const uint32_t first = adk_endpoint_state(adk_endpoint_of(&endpoints, PORT));
    const uint32_t then = adk_endpoint_state(adk_endpoint_of(&endpoints, PORT));
    model_require(
        ADK_ENDPOINT_POLLED_BY_SENDER != first && ADK_ENDPOINT_POLLED_BY_SENDER != then,
        "the sender takes the receiver's endpoint for its own");
    model_require(ADK_ENDPOINT_WITHDRAWN != first || ADK_ENDPOINT_POLLED_BY_RECEIVER != then, "an endpoint comes back");
}

/* A receiver that did not run for seconds publishes a slot that the conductor has since given to another channel. */
static void late_receiver(void)
{
    (void)adk_endpoints_publish(&endpoints, PORT, &owners[0], ADK_ROLE_RECEIVER);
}

static void next_owner(void)
{
    void *stale;
    (void)adk_endpoints_reserve(&endpoints, PORT, &owners[1], &stale);
}

/* In the end: the receiver's thread reads the owner of what is published, and it is its own transport. */
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
