/* A port with a VLAN, and one without: which frames are accepted, and what is sent with a tag. */
#include "capturing.h"
#include "port/vlan.h"
#include "sending.h"
#include "suite.h"

#define VLAN (100)
#define PRIORITY (5)
#define TAG (PRIORITY << 13 | VLAN)

static test_media_t *media_with(uint16_t tag)
{
    adk_settings_t settings = ring_settings();
    settings.vlan_tci = tag;
    return media_open_with(settings, AERON_THREADING_MODE_DEDICATED);
}

/* As delivered by a device that removes tags and vouches for checksums. */
static void put_stripped(const ring_port_t *port, const frame_t *frame, uint16_t tag)
{
    struct rte_mbuf *mbuf = ring_port_mbuf(port, frame->bytes, frame->length);
    mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | ADK_RX_CHECKSUMS_GOOD;
    mbuf->vlan_tci = tag;
    ring_port_put_mbuf(port, mbuf);
}

static void put_vouched(const ring_port_t *port, const frame_t *frame)
{
    struct rte_mbuf *mbuf = ring_port_mbuf(port, frame->bytes, frame->length);
    mbuf->ol_flags |= ADK_RX_CHECKSUMS_GOOD;
    ring_port_put_mbuf(port, mbuf);
}

/* Twice: the first time the source is still unknown. */
static void check_taken(test_media_t *test, const frame_t *frame, int expected, uint64_t dropped)
{
    for (int i = 0; i < 2; i++)
    {
        ring_port_put(&test->port, frame);
    }
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(expected, test->deliveries->count);
    CHECK_EQUAL(dropped, count_of(&test->port, ADK_COUNT_RX_NOT_OUR_VLAN));
    check_no_mbuf_is_missing(&test->port);
}

static void close_with(test_media_t *test, aeron_udp_channel_transport_t *transport)
{
    CHECK_EQUAL(0, adk_transport_close(transport));
    media_close(test);
}

TEST(a_frame_with_our_tag_is_delivered_whatever_its_priority_and_no_other)
{
    test_media_t *test = media_with(TAG);
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(333);
    const frame_t ours = tagged(&frame, VLAN);
    const frame_t urgent = tagged(&frame, 7 << 13 | 1 << 12 | VLAN);
    const frame_t other = tagged(&frame, VLAN + 1);
    const frame_t priority_alone = tagged(&frame, PRIORITY << 13);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    check_taken(test, &ours, 2, 0);
    check_payload(&test->deliveries->list[1], 333);
    check_taken(test, &urgent, 4, 0);
    check_taken(test, &other, 4, 2);
    check_taken(test, &priority_alone, 4, 4);
    check_taken(test, &frame, 4, 6);
    close_with(test, &transport);
}

TEST(a_port_without_a_vlan_takes_a_tag_with_a_priority_alone_and_no_other)
{
    test_media_t *test = media_with(0);
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(333);
    const frame_t priority_alone = tagged(&frame, PRIORITY << 13);
    const frame_t other = tagged(&frame, VLAN);
    const frame_t twice = tagged(&priority_alone, 0);

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    check_taken(test, &priority_alone, 2, 0);
    check_payload(&test->deliveries->list[1], 333);
    check_taken(test, &other, 2, 2);
    check_taken(test, &twice, 2, 2);
    CHECK_EQUAL(2, count_of(&test->port, ADK_COUNT_RX_ETHERTYPE));
    close_with(test, &transport);
}

TEST(what_the_device_has_taken_off_counts_as_the_tag)
{
    for (int has_vlan = 0; has_vlan < 2; has_vlan++)
    {
        test_media_t *test = media_with(has_vlan ? TAG : 0);
        aeron_udp_channel_transport_t transport = { 0 };
        const frame_t frame = frame_of(64);

        media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
        for (int i = 0; i < 3; i++)
        {
            put_stripped(&test->port, &frame, VLAN);
            put_stripped(&test->port, &frame, VLAN + 1);
            put_stripped(&test->port, &frame, PRIORITY << 13);
            put_vouched(&test->port, &frame);
        }
        (void)media_poll(test, ADK_ROLE_RECEIVER);
        CHECK_EQUAL(has_vlan ? 3 : 6, test->deliveries->count);
        CHECK_EQUAL(has_vlan ? 9 : 6, count_of(&test->port, ADK_COUNT_RX_NOT_OUR_VLAN));
        check_no_mbuf_is_missing(&test->port);
        close_with(test, &transport);
    }
}

TEST(a_tag_comes_off_a_frame_in_segments_and_arp_reaches_the_control_plane_without_it)
{
    test_media_t *test = media_with(TAG);
    aeron_udp_channel_transport_t transport = { 0 };
    const uint16_t lengths[] = { 20, 100, 0 };
    const frame_t frame = frame_of(400);
    const frame_t ours = tagged(&frame, TAG);
    const frame_t arp = arp_request();
    const frame_t tagged_arp = tagged(&arp, TAG);
    adk_control_event_t event;

    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    ring_port_put_mbuf(&test->port, chain_of(&test->port, &ours, lengths, 3));
    ring_port_put(&test->port, &tagged_arp);
    ring_port_put(&test->port, &arp);
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(1, test->deliveries->count);
    check_payload(&test->deliveries->list[0], 400);
    CHECK_EQUAL(1, adk_control_receive(test->port.stack, &event));
    CHECK_EQUAL(arp.length, event.length);
    CHECK_EQUAL(0, memcmp(arp.bytes, event.data, arp.length));
    CHECK_EQUAL(0, adk_control_receive(test->port.stack, &event));
    CHECK_EQUAL(1, count_of(&test->port, ADK_COUNT_RX_NOT_OUR_VLAN));
    close_with(test, &transport);
}

TEST(a_frame_cut_in_its_tag_is_dropped)
{
    test_media_t *test = media_with(TAG);
    const frame_t frame = frame_of(64);
    frame_t cut = tagged(&frame, TAG);

    for (cut.length = 0; cut.length < 18; cut.length++)
    {
        ring_port_put(&test->port, &cut);
    }
    (void)media_poll(test, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(18, count_of(&test->port, ADK_COUNT_RX_NOT_OUR_VLAN));
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

static struct rte_mbuf *sent_by(test_media_t *test)
{
    adk_destination_t destination = destination_of_test(&test->port, PEER_IPV4);
    static batch_t batch;
    int64_t bytes = 0;

    CHECK_EQUAL(0, adk_neighbour_set(test->port.stack, PEER_IPV4, PEER_MAC));
    batch_fill(&batch, 1, 64, 0);
    CHECK_EQUAL(1, send_batch(&test->port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    return ring_port_take(&test->port, 0);
}

static frame_t expected_frame(void)
{
    static batch_t batch;
    batch_fill(&batch, 1, 64, 0);
    return frame_from_local(PEER_MAC, PEER_IPV4, &batch.payloads[0]);
}

TEST(every_frame_leaves_with_the_tag_data_and_what_the_control_plane_sends)
{
    test_media_t *test = media_with(TAG);
    const frame_t arp = arp_request();
    const frame_t plain = expected_frame();
    const frame_t expected = tagged(&plain, TAG);
    const frame_t expected_arp = tagged(&arp, TAG);

    struct rte_mbuf *mbuf = sent_by(test);
    check_frame(&expected, mbuf);
    rte_pktmbuf_free(mbuf);
    CHECK_EQUAL(1, adk_control_transmit(test->port.stack, arp.bytes, (uint16_t)arp.length));
    mbuf = ring_port_take(&test->port, 2);
    check_frame(&expected_arp, mbuf);
    rte_pktmbuf_free(mbuf);
    check_no_mbuf_is_missing(&test->port);
    media_close(test);
}

TEST(what_waits_in_the_backlog_has_one_tag)
{
    adk_settings_t settings = ring_settings();
    settings.vlan_tci = TAG;
    ring_port_t port = ring_port_with(settings, RING_PORT_QUEUES_MAX, 8);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    batch_t batch;
    int64_t bytes = 0;
    int taken = 0;
    struct rte_mbuf *mbuf;

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    batch_fill(&batch, 12, 64, 0);
    CHECK_EQUAL(12, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    do
    {
        mbuf = ring_port_take(&port, 0);
        if (NULL == mbuf)
        {
            adk_tx_progress(port.stack, &port.stack->lanes[ADK_ROLE_SENDER]);
            mbuf = ring_port_take(&port, 0);
        }
        if (NULL != mbuf)
        {
            const frame_t plain = frame_from_local(PEER_MAC, PEER_IPV4, &batch.payloads[taken]);
            const frame_t expected = tagged(&plain, TAG);
            check_frame(&expected, mbuf);
            rte_pktmbuf_free(mbuf);
            taken++;
        }
    } while (NULL != mbuf);
    CHECK_EQUAL(12, taken);
    check_no_mbuf_is_missing(&port);
    ring_port_close(&port);
}

TEST(a_device_that_puts_tags_on_is_told_which)
{
    test_media_t *test = media_with(TAG);
    const frame_t expected = expected_frame();

    test->port.stack->port.tx_vlan_insert = true;
    struct rte_mbuf *mbuf = sent_by(test);
    check_frame(&expected, mbuf);
    CHECK(0 != (mbuf->ol_flags & RTE_MBUF_F_TX_VLAN));
    CHECK_EQUAL(TAG, mbuf->vlan_tci);
    rte_pktmbuf_free(mbuf);
    media_close(test);
}

TEST(a_capture_sees_frames_as_they_are_on_the_wire_whoever_puts_the_tag_on_and_takes_it_off)
{
    looking_t looking = { .media = media_with(TAG) };
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(100);
    const frame_t came = tagged(&frame, VLAN);
    const frame_t strange = tagged(&frame, VLAN + 1);
    const frame_t plain = expected_frame();
    const frame_t left = tagged(&plain, TAG);

    looking.stack = looking.media->port.stack;
    looking.reader = look_at(looking.stack, WHOLE);
    looking.stack->port.tx_vlan_insert = true;
    media_add(looking.media, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    put_stripped(&looking.media->port, &frame, VLAN);
    ring_port_put(&looking.media->port, &came);
    put_stripped(&looking.media->port, &frame, VLAN + 1);
    put_vouched(&looking.media->port, &frame);
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    rte_pktmbuf_free(sent_by(looking.media));

    check_captured(next_of(looking.reader), &came, ADK_DIRECTION_IN, -1);
    check_captured(next_of(looking.reader), &came, ADK_DIRECTION_IN, -1);
    check_captured(next_of(looking.reader), &strange, ADK_DIRECTION_IN, ADK_COUNT_RX_NOT_OUR_VLAN);
    check_captured(next_of(looking.reader), &frame, ADK_DIRECTION_IN, ADK_COUNT_RX_NOT_OUR_VLAN);
    check_captured(next_of(looking.reader), &left, ADK_DIRECTION_OUT, -1);
    CHECK_EQUAL(2, looking.media->deliveries->count);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    look_away(&looking);
}
