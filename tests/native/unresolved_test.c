/* Sending to peers whose MAC is not known yet, or no longer. */
#include <errno.h>

#include "sending.h"
#include "suite.h"

#define STRANGER_IPV4 (0x0a00000bu)

static int send_one(const ring_port_t *port, adk_destination_t *destination)
{
    batch_t batch;
    int64_t bytes = 0;
    batch_fill(&batch, 1, 32, 0);
    const int result = send_batch(port, ADK_ROLE_SENDER, destination, &batch, &bytes);
    CHECK_EQUAL(result > 0 ? 32 : 0, bytes);
    return result;
}

static void note_source(adk_lane_t *lane, uint32_t ipv4, const uint8_t *mac)
{
    struct rte_ether_hdr ethernet = { .ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) };
    memcpy(ethernet.src_addr.addr_bytes, mac, sizeof(ethernet.src_addr));
    adk_lane_note_source(lane, rte_cpu_to_be_32(ipv4), &ethernet);
}

static void check_sent_to(const ring_port_t *port, const uint8_t *mac)
{
    struct rte_mbuf *mbuf = ring_port_take(port, 0);
    CHECK(NULL != mbuf);
    CHECK_EQUAL(0, memcmp(mac, rte_pktmbuf_mtod(mbuf, const uint8_t *), 6));
    rte_pktmbuf_free(mbuf);
    CHECK(NULL == ring_port_take(port, 0));
}

TEST(a_batch_to_an_unknown_neighbour_goes_whole_to_the_control_plane)
{
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);
    adk_control_event_t event;
    batch_t batch;
    int64_t bytes = 0;

    /* Device offloads must not matter: these frames leave later and by another path. */
    port.stack->port.tx_ipv4_checksum = true;
    port.stack->port.tx_udp_checksum = true;
    batch_fill(&batch, 3, 100, 0);
    CHECK_EQUAL(3, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(300, bytes);
    CHECK_EQUAL(3, count_of(&port, ADK_COUNT_TX_UNRESOLVED));
    CHECK_EQUAL(0, count_of(&port, ADK_COUNT_TX_PACKETS));
    CHECK(NULL == ring_port_take(&port, 0));

    for (int i = 0; i < 3; i++)
    {
        static const uint8_t nowhere[6];
        const frame_t expected = frame_from_local(nowhere, STRANGER_IPV4, &batch.payloads[i]);
        CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
        CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
        CHECK_EQUAL(STRANGER_IPV4, event.next_hop);
        CHECK_EQUAL(expected.length, event.length);
        CHECK_EQUAL(0, memcmp(expected.bytes, event.data, event.length));
    }
    CHECK_EQUAL(0, adk_control_receive(port.stack, &event));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(the_control_plane_is_not_asked_again_too_soon)
{
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);
    adk_control_event_t event;

    port.stack->ask_again_tsc = UINT64_MAX / 2;
    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK_EQUAL(0, send_one(&port, &destination));
    CHECK_EQUAL(0, send_one(&port, &destination));
    CHECK_EQUAL(3, count_of(&port, ADK_COUNT_TX_UNRESOLVED));
    destination.ask_again_tsc = 0;
    CHECK_EQUAL(1, send_one(&port, &destination));

    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(0, adk_control_receive(port.stack, &event));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_control_plane_that_does_not_keep_up_costs_a_counted_drop)
{
    ring_port_t port = ring_port();
    batch_t batch;
    int64_t bytes = 0;

    batch_fill(&batch, 16, 32, 0);
    for (int i = 0; i < ADK_CONTROL_LENGTH / 16; i++)
    {
        adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);
        CHECK_EQUAL(16, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    }
    adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);
    bytes = 0;
    CHECK_EQUAL(0, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(0, bytes);
    CHECK_EQUAL(16, count_of(&port, ADK_COUNT_CONTROL_FULL));

    adk_control_event_t event;
    while (1 == adk_control_receive(port.stack, &event))
    {
    }
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_resolved_neighbour_is_sent_to_at_once)
{
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);

    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, STRANGER_IPV4, PEER_MAC));
    CHECK_EQUAL(1, send_one(&port, &destination));
    check_sent_to(&port, PEER_MAC);
    ring_port_close(&port);
}

TEST(a_neighbour_that_changes_its_mac_gets_the_next_frame_there)
{
    static const uint8_t second_mac[6] = { 0x02, 0, 0, 0, 0, 0x0a };
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(1, send_one(&port, &destination));
    check_sent_to(&port, PEER_MAC);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, second_mac));
    CHECK_EQUAL(1, send_one(&port, &destination));
    check_sent_to(&port, second_mac);
    ring_port_close(&port);
}

TEST(a_forgotten_neighbour_is_asked_for_again)
{
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    adk_control_event_t event;

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(1, send_one(&port, &destination));
    check_sent_to(&port, PEER_MAC);
    adk_neighbour_forget(port.stack, PEER_IPV4);
    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK(NULL == ring_port_take(&port, 0));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
    ring_port_close(&port);
}

TEST(what_is_not_on_link_goes_to_the_mac_of_the_gateway)
{
    static const uint8_t gateway_mac[6] = { 0x02, 0, 0, 0, 0, 0x01 };
    const uint32_t far_ipv4 = 0xcb007107;
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, far_ipv4);
    adk_control_event_t event;
    batch_t batch;
    int64_t bytes = 0;

    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(GATEWAY_IPV4, event.next_hop);

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, GATEWAY_IPV4, gateway_mac));
    batch_fill(&batch, 1, 64, 0);
    CHECK_EQUAL(1, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    struct rte_mbuf *mbuf = ring_port_take(&port, 0);
    const frame_t expected = frame_from_local(gateway_mac, far_ipv4, &batch.payloads[0]);
    check_frame(&expected, mbuf);
    rte_pktmbuf_free(mbuf);
    ring_port_close(&port);
}

TEST(an_unreachable_destination_is_refused_for_good)
{
    adk_settings_t settings = ring_settings();
    settings.gateway_ipv4 = 0;
    ring_port_t port = ring_port_with(settings, 3, 1024);
    adk_destination_t destination = destination_of_test(&port, 0xcb007107);

    CHECK_EQUAL(-ENETUNREACH, send_one(&port, &destination));
    CHECK_EQUAL(1, count_of(&port, ADK_COUNT_TX_UNREACHABLE));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_neighbour_is_in_use_once_something_was_sent_to_it)
{
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);

    CHECK_EQUAL(0, adk_neighbour_was_used(port.stack, PEER_IPV4));
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(0, adk_neighbour_was_used(port.stack, PEER_IPV4));
    /* The first send looks the neighbour up, the second one finds it in the destination. */
    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK_EQUAL(1, adk_neighbour_was_used(port.stack, PEER_IPV4));
    CHECK_EQUAL(0, adk_neighbour_was_used(port.stack, PEER_IPV4));
    ring_port_close(&port);
}

TEST(the_mac_of_the_last_frame_from_a_peer_serves_until_the_control_plane_knows)
{
    ring_port_t port = ring_port();
    adk_lane_t *lane = &port.stack->lanes[ADK_ROLE_SENDER];
    adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);
    adk_control_event_t event;

    port.stack->ask_again_tsc = UINT64_MAX / 2;
    note_source(lane, STRANGER_IPV4, PEER_MAC);
    CHECK_EQUAL(1, send_one(&port, &destination));
    check_sent_to(&port, PEER_MAC);
    CHECK_EQUAL(1, send_one(&port, &destination));
    check_sent_to(&port, PEER_MAC);

    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_LEARN, event.kind);
    CHECK_EQUAL(STRANGER_IPV4, event.next_hop);
    CHECK_EQUAL(0, memcmp(PEER_MAC, event.hint_mac, 6));
    CHECK_EQUAL(0, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(0, count_of(&port, ADK_COUNT_TX_UNRESOLVED));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(nothing_is_learnt_about_a_peer_behind_the_gateway)
{
    const uint32_t far_ipv4 = 0xcb007107;
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, far_ipv4);
    adk_control_event_t event;

    note_source(&port.stack->lanes[ADK_ROLE_SENDER], far_ipv4, PEER_MAC);
    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK(NULL == ring_port_take(&port, 0));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
    ring_port_close(&port);
}

TEST(a_group_address_is_never_learnt_as_the_mac_of_a_peer)
{
    static const uint8_t group_mac[6] = { 0x01, 0x00, 0x5e, 0, 0, 1 };
    ring_port_t port = ring_port();
    adk_destination_t destination = destination_of_test(&port, STRANGER_IPV4);
    adk_control_event_t event;

    note_source(&port.stack->lanes[ADK_ROLE_SENDER], STRANGER_IPV4, group_mac);
    CHECK_EQUAL(1, send_one(&port, &destination));
    CHECK(NULL == ring_port_take(&port, 0));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(ADK_CONTROL_UNRESOLVED, event.kind);
    ring_port_close(&port);
}
