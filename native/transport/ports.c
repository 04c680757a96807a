#include "transport/ports.h"

#include <errno.h>

#include "aeron_alloc.h"
#include "port/steering.h"
#include "transport/addresses.h"
#include "transport/counters.h"
#include "transport/group.h"
#include "transport/kernel.h"

/* Ports that are free in one array and not in all, before it is given up. */
#define ATTEMPTS (64)

/* Frames of IPv6 and of groups the receiver hands over. */
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

/* The port went to another: Aeron has forgotten this transport, or is so slow that it will find out in poller_add. */
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

/* Those that a transport's UDP port is in: of its family or both, on its interface or all. The first one chooses. */
typedef struct adk_arrays_stct
{
    adk_endpoints_t *list[2 * ADK_INTERFACES_MAX];
    int length;
} adk_arrays_t;

static void add_arrays(adk_arrays_t *arrays, const adk_transport_t *state, adk_stack_t *stack)
{
    if (state->is_ipv6 && NULL != stack->ipv6)
    {
        arrays->list[arrays->length++] = &stack->ipv6->endpoints;
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

/* The port, once it is taken in all of them; else what is wrong, and none is taken. */
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
    if (taken == arrays->length)
    {
        return port;
    }
    while (taken > 0)
    {
        adk_endpoints_release(arrays->list[--taken], (uint16_t)port, state);
    }
    return -EADDRINUSE;
}

int adk_ports_reserve(adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers)
{
    const adk_arrays_t arrays = arrays_of(state);
    int port = reserve_in_all(&arrays, state, wanted, answers);

    for (int i = 1; -EADDRINUSE == port && 0 == wanted && i < ATTEMPTS; i++)
    {
        port = reserve_in_all(&arrays, state, wanted, answers);
    }
    if (port < 0)
    {
        char local[INET6_ADDRSTRLEN];
        adk_format_local(local, sizeof(local), state);
        AERON_SET_ERR(
            -port,
            -EADDRINUSE == port ? "%s:%u is in use by another channel of this driver"
                                : "%s:%u: no ephemeral UDP port is free",
            local,
            wanted);
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
