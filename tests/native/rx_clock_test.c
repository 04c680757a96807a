/*
 * The device's time stamps as CLOCK_REALTIME, with a device simulated in this file: a net_ring port that claims to have
 * RTE_ETH_RX_OFFLOAD_TIMESTAMP and a clock of 125 MHz.
 */
#include <errno.h>

#include "dpdk_own.h"
#include "media.h"
#include "suite.h"

#define START (UINT64_C(1000000000000))
#define START_NS (INT64_C(1800000000000000000))
#define TICKS_PER_S (INT64_C(125000000))
#define NS_PER_TICK (8)

static bool has_clock;
static uint64_t clock_ticks;

int rte_eth_dev_info_get(uint16_t port_id, struct rte_eth_dev_info *info)
{
    const int result = DPDK_OWN(rte_eth_dev_info_get)(port_id, info);
    info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    return result;
}

int rte_eth_dev_configure(uint16_t port_id, uint16_t rx_queues, uint16_t tx_queues, const struct rte_eth_conf *wanted)
{
    struct rte_eth_conf possible = *wanted;
    CHECK_EQUAL(has_clock, 0 != (wanted->rxmode.offloads & RTE_ETH_RX_OFFLOAD_TIMESTAMP));
    possible.rxmode.offloads &= ~RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    return DPDK_OWN(rte_eth_dev_configure)(port_id, rx_queues, tx_queues, &possible);
}

int rte_eth_rx_queue_setup(
    uint16_t port_id,
    uint16_t queue,
    uint16_t descriptors,
    unsigned int socket_id,
    const struct rte_eth_rxconf *wanted,
    struct rte_mempool *mempool)
{
    struct rte_eth_rxconf possible = *wanted;
    possible.offloads &= ~RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    return DPDK_OWN(rte_eth_rx_queue_setup)(port_id, queue, descriptors, socket_id, &possible, mempool);
}

int rte_eth_read_clock(uint16_t port_id, uint64_t *clock)
{
    (void)port_id;
    *clock = clock_ticks;
    return has_clock ? 0 : -ENOTSUP;
}

/* A reading s seconds after the start by the device's clock, with the kernel's clock ahead_ns ahead of it. */
static adk_clock_reading_t after(int64_t s, int64_t ahead_ns)
{
    return (adk_clock_reading_t){ START + (uint64_t)(s * TICKS_PER_S), START_NS + s * ADK_NS_PER_S + ahead_ns };
}

static int64_t ns_of(const adk_rx_clock_t *clock, uint64_t ticks)
{
    int64_t ns;
    CHECK(adk_rx_clock_ns(clock, ticks, &ns));
    return ns;
}

static bool is_about(int64_t expected_ns, int64_t found_ns, int64_t tolerance_ns)
{
    return llabs(expected_ns - found_ns) <= tolerance_ns;
}

TEST(one_reading_tells_no_rate_and_two_do)
{
    adk_rx_clock_t clock = { 0 };
    int64_t ns;

    CHECK(!adk_rx_clock_ns(&clock, START, &ns));
    adk_rx_clock_follow(&clock, after(0, 0));
    CHECK(!adk_rx_clock_ns(&clock, START, &ns));
    adk_rx_clock_follow(&clock, after(1, 0));
    CHECK_EQUAL(START_NS + ADK_NS_PER_S + 80, ns_of(&clock, START + TICKS_PER_S + 10));
    CHECK_EQUAL(START_NS + ADK_NS_PER_S - 80, ns_of(&clock, START + TICKS_PER_S - 10));
}

TEST(a_clock_that_drifts_is_followed_without_a_step)
{
    adk_rx_clock_t clock = { 0 };
    const int64_t drift_ns = 50000;

    adk_rx_clock_follow(&clock, after(0, 0));
    adk_rx_clock_follow(&clock, after(1, 0));
    for (int64_t s = 2; s < 20; s++)
    {
        const adk_clock_reading_t reading = after(s, (s - 1) * drift_ns);
        const int64_t before_ns = ns_of(&clock, reading.ticks);
        adk_rx_clock_follow(&clock, reading);
        CHECK(is_about(before_ns, ns_of(&clock, reading.ticks), 1));
        CHECK(is_about(reading.ns, before_ns, 2 == s ? drift_ns : 100));
    }
}

TEST(a_clock_that_was_set_begins_anew)
{
    adk_rx_clock_t clock = { 0 };
    int64_t ns;

    adk_rx_clock_follow(&clock, after(0, 0));
    adk_rx_clock_follow(&clock, after(1, 0));
    for (int64_t step_ns = -3 * ADK_NS_PER_S; step_ns <= 3 * ADK_NS_PER_S; step_ns += 6 * ADK_NS_PER_S)
    {
        const int64_t s = 10 + 10 * step_ns / ADK_NS_PER_S;
        adk_rx_clock_follow(&clock, after(s, step_ns));
        CHECK(!adk_rx_clock_ns(&clock, START, &ns));
        adk_rx_clock_follow(&clock, after(s + 1, step_ns));
        CHECK_EQUAL(after(s + 1, step_ns).ns, ns_of(&clock, after(s + 1, 0).ticks));
    }
}

static bool port_has_timestamps(void)
{
    test_media_t *test = media_open();
    adk_port_info_t info;

    CHECK_EQUAL(0, adk_stack_port_info(test->port.stack, &info));
    media_close(test);
    return info.rx_timestamps;
}

TEST(time_stamps_without_a_clock_to_read_them_by_are_not_asked_for)
{
    has_clock = false;
    CHECK(!port_has_timestamps());
    has_clock = true;
    CHECK(port_has_timestamps());
}

static void put_stamped(test_media_t *test, const frame_t *frame, uint64_t ticks)
{
    const adk_rx_clock_t *clock = &test->port.stack->port.rx_clock;
    struct rte_mbuf *mbuf = ring_port_mbuf(&test->port, frame->bytes, frame->length);

    mbuf->ol_flags |= clock->flag;
    *RTE_MBUF_DYNFIELD(mbuf, (size_t)clock->offset, rte_mbuf_timestamp_t *) = ticks;
    ring_port_put_mbuf(&test->port, mbuf);
}

TEST(each_frame_has_the_time_at_which_the_device_received_it)
{
    has_clock = true;
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(32);
    adk_rx_clock_t *clock = &test->port.stack->port.rx_clock;

    media_add_with_timestamps(test, &transport);
    clock->has_reading = false;
    adk_rx_clock_follow(clock, after(0, 0));
    adk_rx_clock_follow(clock, after(1, 0));
    for (uint64_t ticks = 1; ticks <= 2; ticks++)
    {
        put_stamped(test, &frame, START + TICKS_PER_S + ticks);
    }
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(3, media_poll(test, ADK_ROLE_RECEIVER));

    const delivery_t *given = test->deliveries->list;
    for (int i = 0; i < 2; i++)
    {
        CHECK_EQUAL(START_NS / ADK_NS_PER_S + 1, given[i].timestamp.tv_sec);
        CHECK_EQUAL((i + 1) * NS_PER_TICK, given[i].timestamp.tv_nsec);
    }
    CHECK(given[2].has_timestamp);
    CHECK(START_NS / ADK_NS_PER_S != given[2].timestamp.tv_sec);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(the_device_is_watched_from_its_start_on)
{
    has_clock = true;
    clock_ticks = START;
    test_media_t *test = media_open();
    adk_rx_clock_t *clock = &test->port.stack->port.rx_clock;
    struct timespec now;
    int64_t ns;

    CHECK(!adk_rx_clock_ns(clock, START, &ns));
    clock_ticks += TICKS_PER_S / 1000;
    adk_stack_watch_device(test->port.stack);
    CHECK_EQUAL(0, clock_gettime(CLOCK_REALTIME, &now));
    CHECK(adk_rx_clock_ns(clock, clock_ticks, &ns));
    CHECK(ns / ADK_NS_PER_S >= now.tv_sec - 1 && ns <= now.tv_sec * ADK_NS_PER_S + now.tv_nsec);
    media_close(test);
}
