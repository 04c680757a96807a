/* How the control plane waits for the data path, for descriptors and for time; meanwhile it publishes counts. */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "api/internal.h"
#include "stack/stack.h"

#define DESCRIPTORS_MAX (4)
#define PUBLISH_PERIOD_NS (NS_PER_S / 10)

static int64_t monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

static bool is_held(const adk_stack_t *stack)
{
    return atomic_load_explicit(&stack->port.is_held, memory_order_acquire);
}

static bool has_link_moved(const adk_stack_t *first)
{
    adk_link_t link;

    for (const adk_stack_t *stack = first; NULL != stack; stack = stack->next)
    {
        if (!is_held(stack) && 0 == adk_port_link(&stack->port, &link) && link.is_up != stack->is_link_told_up)
        {
            return true;
        }
    }
    return false;
}

/*
 * On multiples of the period, as the control plane's own timers are: things that are due together need one wake-up.
 * True when a link is not as the control plane was last told.
 */
static bool publish_if_due(adk_stack_t *stack, adk_driver_t *driver, int64_t now_ns)
{
    if (now_ns < stack->publish_due_ns)
    {
        return false;
    }
    stack->publish_due_ns = (now_ns / PUBLISH_PERIOD_NS + 1) * PUBLISH_PERIOD_NS;
    if (NULL != driver)
    {
        adk_driver_publish_counts(driver);
    }
    return has_link_moved(stack);
}

/* While the control plane holds a port, work for its interface must wait until the port runs again. */
static bool has_interface_work(adk_stack_t *stack)
{
    if (is_held(stack))
    {
        return false;
    }
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        const struct rte_ring *control_out = stack->lanes[role].control_out;
        if (!rte_ring_empty(stack->unresolved_out[role]) || (NULL != control_out && !rte_ring_empty(control_out)))
        {
            return true;
        }
    }
    return adk_stack_reset_requested(stack) || stack->groups_told != adk_groups_changes(stack->groups);
}

static bool has_work(adk_stack_t *first, adk_driver_t *driver)
{
    for (adk_stack_t *stack = first; NULL != stack; stack = stack->next)
    {
        if (has_interface_work(stack))
        {
            return true;
        }
    }
    return NULL != driver && ADK_DRIVER_RUNNING != adk_driver_state(driver);
}

/* ppoll() until until_ns or the next publication. */
static int wait(const adk_stack_t *stack, struct pollfd *waited_for, nfds_t count, int64_t until_ns, int64_t now_ns)
{
    const int64_t end_ns = until_ns < stack->publish_due_ns ? until_ns : stack->publish_due_ns;
    const int64_t left_ns = end_ns - now_ns;
    const struct timespec timeout = { .tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S };
    return ppoll(waited_for, count, &timeout, NULL);
}

void adk_control_pause(adk_stack_t *stack, adk_driver_t *driver, int64_t until_ns)
{
    for (int64_t now_ns = monotonic_ns(); now_ns < until_ns; now_ns = monotonic_ns())
    {
        (void)publish_if_due(stack, driver, now_ns);
        if (wait(stack, NULL, 0, until_ns, now_ns) < 0)
        {
            break;
        }
    }
}

int adk_control_sleep(
    adk_stack_t *stack, adk_driver_t *driver, int64_t until_ns, const int *descriptors, int descriptors_length)
{
    adk_wakeup_t *wakeup = stack->port.wakeup;
    const int length = descriptors_length < DESCRIPTORS_MAX ? descriptors_length : DESCRIPTORS_MAX;
    struct pollfd waited_for[1 + DESCRIPTORS_MAX] = { { .fd = wakeup->fd, .events = POLLIN } };
    int ready = 0;

    for (int i = 0; i < length; i++)
    {
        waited_for[1 + i] = (struct pollfd){ .fd = descriptors[i], .events = POLLIN };
    }
    adk_wakeup_want(wakeup);
    for (int64_t now_ns = monotonic_ns(); now_ns < until_ns && 0 == ready && !has_work(stack, driver);
         now_ns = monotonic_ns())
    {
        if (publish_if_due(stack, driver, now_ns))
        {
            break;
        }
        ready = wait(stack, waited_for, (nfds_t)(1 + length), until_ns, now_ns);
    }
    const bool is_given = ready > 0 && 0 != waited_for[0].revents;
    adk_wakeup_taken(wakeup, is_given);
    return ready > (is_given ? 1 : 0);
}
