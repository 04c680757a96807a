/* The control plane's side of the stack: frames in, frames out. */
#include "sending.h"
#include "suite.h"

TEST(frames_of_the_control_plane_leave_as_they_are_and_are_counted)
{
    ring_port_t port = ring_port();
    const frame_t arp = arp_request();

    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    struct rte_mbuf *mbuf = ring_port_take(&port, 2);
    check_frame(&arp, mbuf);
    CHECK_EQUAL(0, mbuf->ol_flags);
    rte_pktmbuf_free(mbuf);
    CHECK_EQUAL(1, count_of(&port, ADK_COUNT_TX_PACKETS));
    CHECK_EQUAL(42, count_of(&port, ADK_COUNT_TX_BYTES));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_full_tx_ring_refuses_the_control_plane_once_one_frame_waits)
{
    ring_port_t port = ring_port_with(ring_settings(), 3, 1);
    const frame_t arp = arp_request();

    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    CHECK_EQUAL(0, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    CHECK_EQUAL(1, count_of(&port, ADK_COUNT_CONTROL_TX_FULL));
    CHECK_EQUAL(2, count_of(&port, ADK_COUNT_TX_PACKETS));
    rte_pktmbuf_free(ring_port_take(&port, 2));
    CHECK_EQUAL(1, adk_control_transmit(port.stack, arp.bytes, (uint16_t)arp.length));
    rte_pktmbuf_free(ring_port_take(&port, 2));
    adk_tx_progress(port.stack, &port.stack->lanes[ADK_ROLE_CONTROL]);
    rte_pktmbuf_free(ring_port_take(&port, 2));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_frame_longer_than_an_mbuf_is_refused_and_counted)
{
    ring_port_t port = ring_port();
    uint8_t *frame = calloc(1, UINT16_MAX);

    CHECK_EQUAL(0, adk_control_transmit(port.stack, frame, UINT16_MAX));
    CHECK_EQUAL(1, count_of(&port, ADK_COUNT_CONTROL_TX_FULL));
    check_no_mbuf_is_missing(&port);
    free(frame);
    ring_port_close(&port);
}

TEST(a_received_frame_in_segments_is_lent_to_the_control_plane_in_one_piece)
{
    static const uint16_t split[] = { 10, 10 };
    ring_port_t port = ring_port();
    const frame_t arp = arp_request();
    adk_control_event_t event;

    struct rte_mbuf *mbuf = chain_of(&port, &arp, split, 3);
    *adk_mbuf_note(mbuf) = (adk_note_t){ .kind = ADK_CONTROL_FRAME };
    CHECK_EQUAL(0, rte_ring_sp_enqueue(port.stack->lanes[ADK_ROLE_RECEIVER].control_out, mbuf));
    CHECK_EQUAL(1, adk_control_receive(port.stack, &event));
    CHECK_EQUAL(arp.length, event.length);
    CHECK_EQUAL(0, memcmp(arp.bytes, event.data, arp.length));
    CHECK_EQUAL(0, adk_control_receive(port.stack, &event));
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(the_control_planes_own_counts_are_part_of_the_sums)
{
    ring_port_t port = ring_port();

    adk_control_counts(port.stack)[ADK_COUNT_ARP_REQUESTS_SENT] += 3;
    CHECK_EQUAL(3, count_of(&port, ADK_COUNT_ARP_REQUESTS_SENT));
    port.stack->lanes[ADK_ROLE_SENDER].counts[ADK_COUNT_TX_PACKETS] += 1;
    port.stack->lanes[ADK_ROLE_RECEIVER].counts[ADK_COUNT_TX_PACKETS] += 2;
    adk_control_counts(port.stack)[ADK_COUNT_TX_PACKETS] += 4;
    CHECK_EQUAL(7, count_of(&port, ADK_COUNT_TX_PACKETS));
    ring_port_close(&port);
}
