/* Set-up and tear-down of the two pollers, and of the list of transports they poll. */
#include "aeron_alloc.h"
#include "aeron_counters.h"
#include "port/share.h"
#include "transport/counters.h"
#include "transport/group.h"
#include "transport/kernel.h"
#include "transport/ports.h"
#include "transport/shared.h"
#include "util/aeron_arrayutil.h"

static bool is_threading_shared(const aeron_driver_context_t *context)
{
    return AERON_THREADING_MODE_DEDICATED != context->threading_mode;
}

static adk_poller_t *make(adk_media_t *media, adk_stack_t *stack, enum adk_role_en role)
{
    adk_poller_t *state = NULL;

    if (aeron_alloc((void **)&state, sizeof(*state)) < 0)
    {
        AERON_APPEND_ERR("%s", "DPDK poller");
        return NULL;
    }
    state->media = media;
    state->stack = stack;
    state->lane = &stack->lanes[role];
    state->polled_by = adk_endpoint_polled_by(role);
    state->rx_queue = ADK_ROLE_SENDER == role ? ADK_SENDER_RX_QUEUE : 0;
    state->polls_port = state->rx_queue < stack->port.rx_queues && !adk_port_is_guest(&stack->port);
    state->on_burst = NULL == stack->port.next_guest ? adk_poller_on_burst(stack) : adk_shared_on_burst;
    return state;
}

static void free_chain(adk_poller_t *first)
{
    while (NULL != first)
    {
        adk_poller_t *next = first->next;
        aeron_free(first);
        first = next;
    }
}

/* Appends guest to the poller whose interface owns the port, if that is another interface. */
static void share_port(adk_poller_t *first, adk_poller_t *guest)
{
    while (&first->stack->port != guest->stack->port.device)
    {
        first = first->next;
    }
    while (first != guest && NULL != first->next_on_port)
    {
        first = first->next_on_port;
    }
    first->next_on_port = first == guest ? NULL : guest;
}

/* One poller per interface; NULL without memory. */
static adk_poller_t *make_chain(adk_media_t *media, enum adk_role_en role)
{
    adk_poller_t *first = NULL;
    adk_poller_t **last = &first;

    for (adk_stack_t *stack = media->stack; NULL != stack; stack = stack->next)
    {
        *last = make(media, stack, role);
        if (NULL == *last)
        {
            free_chain(first);
            return NULL;
        }
        share_port(first, *last);
        last = &(*last)->next;
    }
    return first;
}

/* For modes in which both roles run on one thread. */
static void pair(adk_poller_t *sender, adk_poller_t *receiver)
{
    for (; NULL != sender && NULL != receiver; sender = sender->next, receiver = receiver->next)
    {
        sender->sibling = receiver;
        receiver->sibling = sender;
    }
}

int adk_poller_init(
    aeron_udp_transport_poller_t *poller,
    aeron_driver_context_t *context,
    aeron_udp_channel_transport_affinity_t affinity)
{
    adk_media_t *media = adk_media_of(context);
    const bool is_sender = AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER == affinity;
    const enum adk_role_en role = is_sender ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;

    poller->transports.array = NULL;
    poller->transports.length = 0;
    poller->transports.capacity = 0;
    poller->fd = -1;
    poller->bindings_clientd = NULL;
    if (is_threading_shared(context) != media->stack->threads_shared)
    {
        AERON_SET_ERR(EINVAL, "%s", "the stack was opened for another threading mode than the driver's");
        return -1;
    }
    if (NULL == media->counters && adk_counters_open(media, context) < 0)
    {
        return -1;
    }
    adk_poller_t *state = make_chain(media, role);
    if (NULL == state)
    {
        return -1;
    }

    if (aeron_udp_transport_poller_init(&state->kernel, context, affinity) < 0)
    {
        free_chain(state);
        return -1;
    }
    media->context = context;
    adk_poller_update_side_work(state);
    state->counter_id = adk_counters_allocate(
        media->counters,
        AERON_COUNTER_DPDK_POLLER_TYPE_ID,
        "dpdk-poller: %s, value is transports",
        is_sender ? "sender" : "receiver");
    media->pollers[role] = state;
    if (media->stack->threads_shared)
    {
        pair(media->pollers[ADK_ROLE_SENDER], media->pollers[ADK_ROLE_RECEIVER]);
    }
    poller->bindings_clientd = state;
    return 0;
}

void adk_poller_free(adk_poller_t *state)
{
    if (NULL != state)
    {
        (void)aeron_udp_transport_poller_close(&state->kernel);
        free_chain(state);
    }
}

int adk_poller_close(aeron_udp_transport_poller_t *poller)
{
    adk_poller_t *state = (adk_poller_t *)poller->bindings_clientd;
    if (NULL != state)
    {
        for (const adk_poller_t *each = state; NULL != each; each = each->next)
        {
            adk_stack_lane_offline(each->stack, each->lane->role);
        }
        state->media->pollers[state->lane->role] = NULL;
        adk_poller_free(state);
    }
    aeron_free(poller->transports.array);
    poller->bindings_clientd = NULL;
    poller->transports.array = NULL;
    poller->transports.length = 0;
    return 0;
}

static void show_length(const aeron_udp_transport_poller_t *poller)
{
    const adk_poller_t *state = (const adk_poller_t *)poller->bindings_clientd;
    adk_counters_set(state->media->counters, state->counter_id, (int64_t)poller->transports.length);
}

int adk_poller_add(aeron_udp_transport_poller_t *poller, aeron_udp_channel_transport_t *transport)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    int ensure_capacity_result = 0;

    AERON_ARRAY_ENSURE_CAPACITY(ensure_capacity_result, poller->transports, aeron_udp_channel_transport_entry_t)
    if (ensure_capacity_result < 0)
    {
        return -1;
    }
    if (adk_group_is_open(state))
    {
        adk_groups_publish(state->stack->groups, state->group_slot, state->role);
    }
    else if (state->is_on_port && adk_ports_publish(state) < 0)
    {
        AERON_SET_ERR(EADDRINUSE, "UDP port %u went to another channel before it was polled", state->port);
        return -1;
    }
    adk_counters_set(state->media->counters, state->counter_id, ADK_MEDIUM_PORT);
    if (adk_kernel_has_sockets(state) && adk_kernel_add((adk_poller_t *)poller->bindings_clientd, state) < 0)
    {
        return -1;
    }
    poller->transports.array[poller->transports.length++].transport = transport;
    show_length(poller);
    return 0;
}

int adk_poller_remove(aeron_udp_transport_poller_t *poller, aeron_udp_channel_transport_t *transport)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    int result = 0;

    for (size_t i = 0; i < poller->transports.length; i++)
    {
        if (poller->transports.array[i].transport == transport)
        {
            aeron_array_fast_unordered_remove(
                (uint8_t *)poller->transports.array,
                sizeof(aeron_udp_channel_transport_entry_t),
                i,
                poller->transports.length - 1);
            poller->transports.length--;
            if (adk_group_is_open(state))
            {
                adk_groups_withdraw(state->stack->groups, state->group_slot);
            }
            else if (state->is_on_port)
            {
                adk_ports_withdraw(state);
            }
            if (adk_kernel_has_sockets(state))
            {
                result = adk_kernel_remove((adk_poller_t *)poller->bindings_clientd, state);
            }
            adk_counters_set(state->media->counters, state->counter_id, 0);
            show_length(poller);
            break;
        }
    }
    return result;
}
