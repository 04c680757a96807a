#include "transport/ports.h"

#include <errno.h>

#include "aeron_alloc.h"
#include "port/steering.h"
#include "stack/ipv6/endpoints.h"
#include "transport/addresses.h"
#include "transport/counters.h"
#include "transport/kernel.h"

/* How many ports that are free in one array but not in all are tried before giving up. */
#define ATTEMPTS (64)

/* Frames of IPv6 and of groups are not steered: the receiver hands them over. */
static bool is_steered(const adk_transport_t *state)
{
    return state->is_on_port && ADK_ROLE_SENDER == state->role && !state->is_ipv6 && !adk_group_is_open(state);
}

static void steer(const adk_transport_t *state, void (*change)(adk_port_t *port, uint16_t udp_port))
{
    if (!is_steered(state))
    {
        return;
    }
    if (!state->is_on_all)
    {
        change(&state->stack->port, state->port);
        return;
    }
    for (adk_stack_t *stack = state->stack->first; NULL != stack; stack = stack->next)
    {
        change(&stack->port, state->port);
    }
}

void adk_ports_steer(const adk_transport_t *state)
{
    steer(state, adk_port_steer);
}

void adk_ports_unsteer(const adk_transport_t *state)
{
    steer(state, adk_port_unsteer);
}

void adk_transport_hide(adk_transport_t *state)
{
    adk_counters_free(state->media->counters, state->counter_id);
    adk_ports_unsteer(state);
    if (adk_kernel_has_sockets(state))
    {
        adk_kernel_close(state);
    }
}

/*
 * The port went to another transport: Aeron has forgotten this one, or is so slow that it will find out in poller_add.
 */
static void orphan(adk_transport_t *state)
{
    adk_transport_hide(state);
    state->is_orphan = true;
    state->next_orphan = state->media->orphans;
    state->media->orphans = state;
}

static void take_over(void *stale)
{
    adk_transport_t *forgotten = stale;
    if (NULL != forgotten && !forgotten->is_orphan)
    {
        orphan(forgotten);
    }
}

static int reserve_in(adk_endpoints_t *endpoints, adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers)
{
    void *stale;
    const int port = NULL == answers ? adk_endpoints_reserve(endpoints, wanted, state, &stale)
                                     : adk_endpoints_reserve_for(endpoints, answers, state, &stale);
    take_over(stale);
    return port;
}

/*
 * The arrays that hold a transport's UDP port: of its family or both, on its interface or all. The first one chooses.
 */
typedef struct adk_arrays_stct
{
    adk_endpoints_t *list[2 * ADK_INTERFACES_MAX];
    int length;
} adk_arrays_t;

/* A UDP port used by two addresses is in the second address's own array. */
static adk_endpoints_t *array6_of(const adk_transport_t *state, adk_stack6_t *stack6)
{
    adk_endpoints_t *own = adk_endpoints6_of_address(stack6, state->bound6);
    return NULL != own && state == adk_endpoint_owner(adk_endpoint_of(own, state->port)) ? own : &stack6->endpoints;
}

static void add_arrays(adk_arrays_t *arrays, const adk_transport_t *state, adk_stack_t *stack)
{
    if (state->is_ipv6 && NULL != stack->ipv6)
    {
        arrays->list[arrays->length++] = array6_of(state, stack->ipv6);
    }
    if (!state->is_ipv6 || adk_port_is_of_both(state))
    {
        arrays->list[arrays->length++] = &stack->endpoints;
    }
}

static adk_arrays_t arrays_of(const adk_transport_t *state)
{
    adk_arrays_t arrays = { .length = 0 };

    add_arrays(&arrays, state, state->stack);
    for (adk_stack_t *stack = state->is_on_all ? state->stack->first : NULL; NULL != stack; stack = stack->next)
    {
        if (stack != state->stack)
        {
            add_arrays(&arrays, state, stack);
        }
    }
    return arrays;
}

/* Nothing may bind to [::] on a port that a single address has taken. */
static bool is_of_an_address(const adk_transport_t *state, uint16_t port)
{
    for (adk_stack_t *stack = state->stack->first; state->is_ipv6 && NULL != stack; stack = stack->next)
    {
        if ((state->is_on_all || stack == state->stack) &&
            NULL != stack->ipv6 &&
            adk_endpoints6_has(stack->ipv6, state->bound6, port))
        {
            return true;
        }
    }
    return false;
}

/* Returns the port once it is reserved in all arrays; otherwise an error, with none of them reserved. */
static int reserve_in_all(
    const adk_arrays_t *arrays, adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers)
{
    const int port = reserve_in(arrays->list[0], state, wanted, answers);
    int taken = 1;

    if (port < 0)
    {
        return port;
    }
    while (taken < arrays->length && reserve_in(arrays->list[taken], state, (uint16_t)port, NULL) >= 0)
    {
        taken++;
    }
    if (taken == arrays->length && !is_of_an_address(state, (uint16_t)port))
    {
        return port;
    }
    while (taken > 0)
    {
        adk_endpoints_release(arrays->list[--taken], (uint16_t)port, state);
    }
    return -EADDRINUSE;
}

static bool is_of_another_address(const adk_transport_t *state, uint16_t port)
{
    const adk_transport_t *owner = adk_endpoint_owner(adk_endpoint_of(&state->stack->ipv6->endpoints, port));
    return NULL != owner && !adk_ipv6_is_unspecified(owner->bound6) && !adk_ipv6_is_same(owner->bound6, state->bound6);
}

/* For a transport bound to an IPv6 address: it may take a port that a transport at another address has taken. */
static int reserve_at_address(adk_transport_t *state, uint16_t wanted)
{
    adk_stack6_t *stack6 = state->stack->ipv6;

    if (0 != wanted && adk_endpoints6_has(stack6, state->bound6, wanted))
    {
        return reserve_in(adk_endpoints6_of_address(stack6, state->bound6), state, wanted, NULL);
    }
    const int port = reserve_in(&stack6->endpoints, state, wanted, NULL);
    if (port >= 0 && adk_endpoints6_has(stack6, state->bound6, (uint16_t)port))
    {
        adk_endpoints_release(&stack6->endpoints, (uint16_t)port, state);
        return -EADDRINUSE;
    }
    if (-EADDRINUSE != port || 0 == wanted || !is_of_another_address(state, wanted))
    {
        return port;
    }
    adk_endpoints_t *own = adk_endpoints6_make(state->stack, state->bound6);
    return NULL == own ? -ENOMEM : reserve_in(own, state, wanted, NULL);
}

static int reserve_once(
    const adk_arrays_t *arrays, adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers)
{
    return state->is_ipv6 && !adk_ipv6_is_unspecified(state->bound6) ? reserve_at_address(state, wanted)
                                                                     : reserve_in_all(arrays, state, wanted, answers);
}

static const char *text_of(int port)
{
    switch (port)
    {
        case -EADDRINUSE:
            return "%s:%u is in use by another channel of this driver";
        case -ENOMEM:
            return "%s:%u is in use at another address, and there is no memory for a second owner";
        default:
            return "%s:%u: no ephemeral UDP port is free";
    }
}

int adk_ports_reserve(adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers)
{
    const adk_arrays_t arrays = arrays_of(state);
    int port = reserve_once(&arrays, state, wanted, answers);

    for (int i = 1; -EADDRINUSE == port && 0 == wanted && i < ATTEMPTS; i++)
    {
        port = reserve_once(&arrays, state, wanted, answers);
    }
    if (port < 0)
    {
        char local[INET6_ADDRSTRLEN];
        adk_format_local(local, sizeof(local), state);
        AERON_SET_ERR(-port, text_of(port), local, wanted);
        return -1;
    }
    state->port = (uint16_t)port;
    return 0;
}

void adk_ports_release(const adk_transport_t *state)
{
    const adk_arrays_t arrays = arrays_of(state);
    for (int i = 0; i < arrays.length; i++)
    {
        adk_endpoints_release(arrays.list[i], state->port, state);
    }
}

int adk_ports_publish(const adk_transport_t *state)
{
    const adk_arrays_t arrays = arrays_of(state);
    for (int i = 0; i < arrays.length; i++)
    {
        if (adk_endpoints_publish(arrays.list[i], state->port, state, state->role) < 0)
        {
            while (i > 0)
            {
                adk_endpoints_withdraw(arrays.list[--i], state->port, state);
            }
            return -1;
        }
    }
    return 0;
}

void adk_ports_withdraw(const adk_transport_t *state)
{
    const adk_arrays_t arrays = arrays_of(state);
    for (int i = 0; i < arrays.length; i++)
    {
        adk_endpoints_withdraw(arrays.list[i], state->port, state);
    }
}

void adk_orphans_free(adk_media_t *media)
{
    while (NULL != media->orphans)
    {
        adk_transport_t *state = media->orphans;
        media->orphans = state->next_orphan;
        aeron_free(state->destinations6);
        aeron_free(state);
    }
}
