/* The control plane's sleep: what ends it, and that nothing which should end it is missed. */
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "ring_port.h"
#include "stack/witness.h"
#include "suite.h"

#define FOR_EVER_NS (30 * (int64_t)NS_PER_S)
#define ROUNDS (4000)

int rte_eth_dev_callback_process(void *device, enum rte_eth_event_type event, void *result);
extern char rte_eth_devices[];

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

/* The publications check everything ten times a second; without them, a missed wake-up stays missed. */
static ring_port_t port_without_publications(void)
{
    ring_port_t port = ring_port();
    adk_link_t link;
    CHECK_EQUAL(0, adk_stack_link(port.stack, &link));
    port.stack->publish_due_ns = INT64_MAX;
    return port;
}

static int sleep_for_ever(const ring_port_t *port, const int *descriptors, int length)
{
    const int64_t until_ns = now_ns() + FOR_EVER_NS;
    const int is_readable = adk_control_sleep(port->stack, NULL, until_ns, descriptors, length);
    CHECK(now_ns() < until_ns);
    return is_readable;
}

static void offer(const ring_port_t *port, enum adk_role_en role)
{
    const frame_t arp = arp_request();
    struct rte_mbuf *mbuf = ring_port_mbuf(port, arp.bytes, arp.length);
    CHECK(adk_witness_offer(port->stack, &port->stack->lanes[role], mbuf, rte_pktmbuf_mtod(mbuf, uint8_t *)));
}

static int take_all(const ring_port_t *port)
{
    adk_control_event_t event;
    int count = 0;
    while (1 == adk_control_receive(port->stack, &event))
    {
        count++;
    }
    return count;
}

static bool was_given(const ring_port_t *port)
{
    struct pollfd given = { .fd = port->stack->port.wakeup->fd, .events = POLLIN };
    return 1 == poll(&given, 1, 0);
}

TEST(a_frame_that_waits_keeps_the_control_plane_awake)
{
    ring_port_t port = port_without_publications();

    offer(&port, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(0, sleep_for_ever(&port, NULL, 0));
    CHECK_EQUAL(1, take_all(&port));
    ring_port_close(&port);
}

TEST(frames_cost_no_system_call_while_the_control_plane_is_awake_or_pauses)
{
    ring_port_t port = port_without_publications();

    offer(&port, ADK_ROLE_RECEIVER);
    CHECK(!was_given(&port));
    adk_control_pause(port.stack, NULL, now_ns() + 1000);
    offer(&port, ADK_ROLE_RECEIVER);
    CHECK(!was_given(&port));
    CHECK_EQUAL(2, take_all(&port));
    ring_port_close(&port);
}

TEST(however_many_frames_come_one_sleep_is_ended_by_one_system_call)
{
    ring_port_t port = port_without_publications();
    adk_wakeup_t *wakeup = port.stack->port.wakeup;
    uint64_t given = 0;

    adk_wakeup_want(wakeup);
    for (int i = 0; i < 10; i++)
    {
        offer(&port, ADK_ROLE_SENDER);
        offer(&port, ADK_ROLE_RECEIVER);
    }
    CHECK_EQUAL((int)sizeof(given), read(wakeup->fd, &given, sizeof(given)));
    CHECK_EQUAL(1, given);
    adk_wakeup_taken(wakeup, true);
    CHECK_EQUAL(20, take_all(&port));
    ring_port_close(&port);
}

TEST(a_sleep_ends_in_time_and_when_a_descriptor_is_readable)
{
    ring_port_t port = port_without_publications();
    int ends[2];

    CHECK_EQUAL(0, pipe(ends));
    CHECK_EQUAL(0, adk_control_sleep(port.stack, NULL, now_ns() + 1000, ends, 1));
    CHECK_EQUAL(1, write(ends[1], "x", 1));
    CHECK_EQUAL(1, sleep_for_ever(&port, ends, 1));
    CHECK_EQUAL(0, adk_control_sleep(port.stack, NULL, now_ns() + 1000, NULL, 0));
    CHECK_EQUAL(0, close(ends[0]) + close(ends[1]));
    ring_port_close(&port);
}

TEST(a_wake_up_that_came_late_ends_the_next_sleep_and_is_no_descriptor)
{
    ring_port_t port = port_without_publications();
    const uint64_t one = 1;
    uint64_t given;

    CHECK_EQUAL((int)sizeof(one), write(port.stack->port.wakeup->fd, &one, sizeof(one)));
    CHECK_EQUAL(0, sleep_for_ever(&port, NULL, 0));
    CHECK_EQUAL(-1, read(port.stack->port.wakeup->fd, &given, sizeof(given))); /* or later sleeps would end at once */
    ring_port_close(&port);
}

TEST(a_group_that_is_joined_ends_a_sleep_until_the_control_plane_has_looked)
{
    ring_port_t port = port_without_publications();
    int owner;

    CHECK(adk_groups_reserve(port.stack->groups, 1, &owner) >= 0);
    CHECK_EQUAL(0, sleep_for_ever(&port, NULL, 0));
    CHECK_EQUAL(1, adk_groups_moved(port.stack));
    CHECK_EQUAL(0, adk_control_sleep(port.stack, NULL, now_ns() + 1000, NULL, 0));
    ring_port_close(&port);
}

TEST(the_devices_reset_request_and_a_change_of_link_end_a_sleep)
{
    ring_port_t port = port_without_publications();
    adk_link_t link;

    CHECK_EQUAL(0, port.stack->port.id); /* rte_eth_devices starts with the device of port 0 */
    adk_wakeup_want(port.stack->port.wakeup);
    (void)rte_eth_dev_callback_process(rte_eth_devices, RTE_ETH_EVENT_INTR_RESET, NULL);
    CHECK(was_given(&port));
    CHECK_EQUAL(0, sleep_for_ever(&port, NULL, 0));
    CHECK_EQUAL(0, adk_stack_reset_step(port.stack));

    CHECK_EQUAL(0, rte_eth_dev_set_link_down(port.stack->port.id));
    port.stack->publish_due_ns = 0;
    CHECK_EQUAL(0, sleep_for_ever(&port, NULL, 0));
    CHECK_EQUAL(0, adk_stack_link(port.stack, &link));
    CHECK(!link.is_up);
    port.stack->publish_due_ns = 0;
    CHECK_EQUAL(0, adk_control_sleep(port.stack, NULL, now_ns() + 1000, NULL, 0));
    ring_port_close(&port);
}

typedef struct producer_stct
{
    const ring_port_t *port;
    enum adk_role_en role;
    pthread_t thread;
} producer_t;

/* One frame at a time, each put just as the sleeper is about to sleep, or has just started to. */
static void *produce(void *state)
{
    const producer_t *producer = state;
    const struct rte_ring *ring = producer->port->stack->lanes[producer->role].control_out;

    for (int i = 0; i < ROUNDS; i++)
    {
        offer(producer->port, producer->role);
        while (!rte_ring_empty(ring))
        {
            rte_pause();
        }
        for (int turns = 0; turns < i % 64; turns++)
        {
            rte_pause();
        }
    }
    return NULL;
}

TEST(no_wake_up_is_lost_between_two_threads_that_put_frames_and_one_that_sleeps)
{
    ring_port_t port = port_without_publications();
    producer_t producers[] = { { .port = &port, .role = ADK_ROLE_SENDER },
                               { .port = &port, .role = ADK_ROLE_RECEIVER } };
    int taken = 0;

    for (int i = 0; i < 2; i++)
    {
        CHECK_EQUAL(0, pthread_create(&producers[i].thread, NULL, produce, &producers[i]));
    }
    while (taken < 2 * ROUNDS)
    {
        (void)sleep_for_ever(&port, NULL, 0);
        taken += take_all(&port);
    }
    for (int i = 0; i < 2; i++)
    {
        CHECK_EQUAL(0, pthread_join(producers[i].thread, NULL));
    }
    ring_port_close(&port);
}
