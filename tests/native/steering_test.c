/*
 * Steering the sender's UDP ports to its own RX queue, with a device simulated in this file: our rte_flow_*() replace
 * DPDK's and record the rules.
 */
#include <errno.h>
#include <netinet/in.h>

#include <rte_flow.h>

#include "media.h"
#include "suite.h"

#define SENDER_PORT (40200)
#define RULES_MAX (16)

struct rte_flow
{
    bool is_made;
    uint16_t udp_port;
    uint16_t queue;
    uint32_t ipv4; /* 0: any */
};

static struct rte_flow rules[RULES_MAX];
static bool takes_address;
static bool takes_bare_port;
static int flushes;

static bool is_taken(const struct rte_flow_item *pattern)
{
    CHECK_EQUAL(RTE_FLOW_ITEM_TYPE_ETH, pattern[0].type);
    CHECK_EQUAL(RTE_FLOW_ITEM_TYPE_IPV4, pattern[1].type);
    CHECK_EQUAL(RTE_FLOW_ITEM_TYPE_UDP, pattern[2].type);
    CHECK_EQUAL(RTE_FLOW_ITEM_TYPE_END, pattern[3].type);
    return NULL != pattern[1].spec ? takes_address : takes_bare_port;
}

int rte_flow_validate(
    uint16_t port_id,
    const struct rte_flow_attr *attributes,
    const struct rte_flow_item pattern[],
    const struct rte_flow_action actions[],
    struct rte_flow_error *error)
{
    (void)port_id;
    (void)error;
    CHECK(attributes->ingress);
    CHECK_EQUAL(RTE_FLOW_ACTION_TYPE_QUEUE, actions[0].type);
    return is_taken(pattern) ? 0 : -ENOTSUP;
}

struct rte_flow *rte_flow_create(
    uint16_t port_id,
    const struct rte_flow_attr *attributes,
    const struct rte_flow_item pattern[],
    const struct rte_flow_action actions[],
    struct rte_flow_error *error)
{
    const struct rte_flow_item_ipv4 *ipv4 = pattern[1].spec;
    const struct rte_flow_item_udp *udp = pattern[2].spec;
    const struct rte_flow_item_udp *udp_mask = pattern[2].mask;

    CHECK_EQUAL(0, rte_flow_validate(port_id, attributes, pattern, actions, error));
    CHECK_EQUAL(UINT16_MAX, udp_mask->hdr.dst_port);
    for (int i = 0; i < RULES_MAX; i++)
    {
        if (!rules[i].is_made)
        {
            rules[i] = (struct rte_flow){
                .is_made = true,
                .udp_port = ntohs(udp->hdr.dst_port),
                .queue = ((const struct rte_flow_action_queue *)actions[0].conf)->index,
                .ipv4 = NULL == ipv4 ? 0 : ntohl(ipv4->hdr.dst_addr),
            };
            return &rules[i];
        }
    }
    return NULL;
}

int rte_flow_destroy(uint16_t port_id, struct rte_flow *flow, struct rte_flow_error *error)
{
    (void)port_id;
    (void)error;
    CHECK(flow->is_made);
    flow->is_made = false;
    return 0;
}

int rte_flow_flush(uint16_t port_id, struct rte_flow_error *error)
{
    (void)port_id;
    (void)error;
    memset(rules, 0, sizeof(rules));
    flushes++;
    return 0;
}

static int rules_for(uint16_t udp_port)
{
    int count = 0;
    for (int i = 0; i < RULES_MAX; i++)
    {
        count += rules[i].is_made && udp_port == rules[i].udp_port;
    }
    return count;
}

static test_media_t *media_on_device(bool with_address, bool with_bare_port, aeron_threading_mode_t threading_mode)
{
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();

    memset(rules, 0, sizeof(rules));
    takes_address = with_address;
    takes_bare_port = with_bare_port;
    settings.port_id = ring_device_with(&port, 2, 3, 1024);
    settings.threads_shared = AERON_THREADING_MODE_DEDICATED != threading_mode;
    ring_port_open(&port, &settings);
    return media_open_on(port, threading_mode);
}

static frame_t frame_to_sender(void)
{
    frame_t frame = frame_of(40);
    put16(frame.bytes + AT_DESTINATION_PORT, SENDER_PORT);
    seal(&frame);
    return frame;
}

TEST(a_device_that_steers_brings_the_senders_frames_to_the_senders_poll)
{
    test_media_t *test = media_on_device(true, true, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_to_sender();
    adk_port_info_t info;

    CHECK_EQUAL(0, adk_stack_port_info(test->port.stack, &info));
    CHECK(info.steered);
    CHECK_EQUAL(2, info.rx_queues);
    CHECK_EQUAL(1, test->port.stack->port.rx_configuration.rx_drop_en); /* neither thread waits for the other */
    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    CHECK_EQUAL(1, rules_for(SENDER_PORT));
    CHECK_EQUAL(1, rules[0].queue);
    CHECK_EQUAL(LOCAL_IPV4, rules[0].ipv4);

    CHECK_EQUAL(0, rte_ring_sp_enqueue(test->port.rx[1], ring_port_mbuf(&test->port, frame.bytes, frame.length)));
    CHECK_EQUAL(0, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(1, media_poll(test, ADK_ROLE_SENDER));
    CHECK_EQUAL(1, test->deliveries->count);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    CHECK_EQUAL(0, rules_for(SENDER_PORT));
    media_close(test);
}

TEST(a_frame_that_comes_in_on_the_wrong_queue_is_delivered_all_the_same)
{
    test_media_t *test = media_on_device(true, true, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t sender = { 0 };
    aeron_udp_channel_transport_t receiver = { 0 };
    const frame_t to_sender = frame_to_sender();
    const frame_t to_receiver = frame_of(32);

    media_add(test, &sender, ADK_ROLE_SENDER, SENDER_PORT);
    media_add(test, &receiver, ADK_ROLE_RECEIVER, LOCAL_PORT);
    ring_port_put(&test->port, &to_sender);
    CHECK_EQUAL(
        0, rte_ring_sp_enqueue(test->port.rx[1], ring_port_mbuf(&test->port, to_receiver.bytes, to_receiver.length)));
    for (int i = 0; i < 2; i++)
    {
        (void)media_poll(test, ADK_ROLE_SENDER);
        (void)media_poll(test, ADK_ROLE_RECEIVER);
    }
    CHECK_EQUAL(2, test->deliveries->count);
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&sender));
    CHECK_EQUAL(0, adk_transport_close(&receiver));
    media_close(test);
}

TEST(only_the_senders_ports_are_steered)
{
    test_media_t *test = media_on_device(true, true, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport = { 0 };

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    CHECK_EQUAL(0, rules_for(LOCAL_PORT));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_device_that_wants_nothing_beside_the_port_gets_such_rules)
{
    test_media_t *test = media_on_device(false, true, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport = { 0 };

    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    CHECK_EQUAL(1, rules_for(SENDER_PORT));
    CHECK_EQUAL(0, rules[0].ipv4);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

static void check_one_rx_queue(test_media_t *test)
{
    aeron_udp_channel_transport_t transport = { 0 };
    adk_port_info_t info;

    CHECK_EQUAL(0, adk_stack_port_info(test->port.stack, &info));
    CHECK(!info.steered);
    CHECK_EQUAL(1, info.rx_queues);
    CHECK_EQUAL(0, test->port.stack->port.rx_configuration.rx_drop_en);
    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    CHECK_EQUAL(0, rules_for(SENDER_PORT));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}

TEST(a_device_that_cannot_steer_has_one_rx_queue)
{
    check_one_rx_queue(media_on_device(false, false, AERON_THREADING_MODE_DEDICATED));
}

TEST(threads_that_are_one_have_one_rx_queue)
{
    check_one_rx_queue(media_on_device(true, true, AERON_THREADING_MODE_SHARED_NETWORK));
}

TEST(a_restart_makes_the_rules_anew_and_forgets_the_devices_old_ones)
{
    test_media_t *test = media_on_device(true, true, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t first = { 0 };
    aeron_udp_channel_transport_t second = { 0 };

    media_add(test, &first, ADK_ROLE_SENDER, SENDER_PORT);
    media_add(test, &second, ADK_ROLE_SENDER, SENDER_PORT + 1);
    CHECK_EQUAL(0, adk_transport_close(&second));
    CHECK_EQUAL(0, adk_stack_reset_step(test->port.stack));
    CHECK_EQUAL(1, flushes);
    CHECK_EQUAL(1, rules_for(SENDER_PORT));
    CHECK_EQUAL(0, rules_for(SENDER_PORT + 1));
    CHECK_EQUAL(0, adk_transport_close(&first));
    CHECK_EQUAL(0, rules_for(SENDER_PORT));
    media_close(test);
}

TEST(a_restart_that_fails_leaves_no_rule_to_drop_twice)
{
    test_media_t *test = media_on_device(true, true, AERON_THREADING_MODE_DEDICATED);
    aeron_udp_channel_transport_t transport = { 0 };

    media_add(test, &transport, ADK_ROLE_SENDER, SENDER_PORT);
    test->port.stack->port.rx_queues = 3; /* one more than the device has */
    CHECK_EQUAL(-1, adk_stack_reset_step(test->port.stack));
    test->port.stack->port.rx_queues = 2;
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}
