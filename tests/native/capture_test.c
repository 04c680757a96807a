/* Copies of frames for a capture tool: which frames are captured, and what the copies contain. */
#include "capturing.h"
#include "sending.h"
#include "suite.h"

TEST(a_frame_that_is_delivered_is_captured_as_it_came)
{
    looking_t looking = look(WHOLE);
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(333);
    const uint64_t before_ns = adk_capture_now_ns();

    media_add(looking.media, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    ring_port_put(&looking.media->port, &frame);
    CHECK_EQUAL(1, media_poll(looking.media, ADK_ROLE_RECEIVER));

    const adk_captured_t captured = next_of(looking.reader);
    check_captured(captured, &frame, ADK_DIRECTION_IN, -1);
    CHECK(!captured.needs_checksum);
    CHECK(before_ns <= captured.time_ns && captured.time_ns <= adk_capture_now_ns());
    CHECK_EQUAL(1, looking.media->deliveries->count);
    check_no_mbuf_is_missing(&looking.media->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    look_away(&looking);
}

TEST(a_frame_that_is_dropped_is_captured_with_the_reason)
{
    looking_t looking = look(WHOLE);
    frame_t bad_sum = frame_of(100);
    frame_t cut = frame_of(100);
    const frame_t stray = frame_of(100);

    bad_sum.bytes[AT_PAYLOAD] ^= 0x10;
    cut.length = 30;
    ring_port_put(&looking.media->port, &bad_sum);
    ring_port_put(&looking.media->port, &cut);
    ring_port_put(&looking.media->port, &stray);
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);

    check_captured(next_of(looking.reader), &bad_sum, ADK_DIRECTION_IN, ADK_COUNT_RX_UDP_CHECKSUM);
    check_captured(next_of(looking.reader), &cut, ADK_DIRECTION_IN, ADK_COUNT_RX_TRUNCATED);
    check_captured(next_of(looking.reader), &stray, ADK_DIRECTION_IN, ADK_COUNT_RX_NO_ENDPOINT);
    look_away(&looking);
}

TEST(a_frame_for_the_control_plane_is_captured_and_handed_on)
{
    looking_t looking = look(WHOLE);
    const frame_t request = arp_request();
    adk_control_event_t event;

    ring_port_put(&looking.media->port, &request);
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    check_captured(next_of(looking.reader), &request, ADK_DIRECTION_IN, -1);
    CHECK_EQUAL(1, adk_control_receive(looking.stack, &event));
    CHECK_EQUAL(request.length, event.length);
    look_away(&looking);
}

TEST(a_frame_that_the_other_thread_cannot_take_is_captured_as_dropped)
{
    looking_t looking = look(WHOLE);
    aeron_udp_channel_transport_t transport = { 0 };
    const frame_t frame = frame_of(64);

    media_add(looking.media, &transport, ADK_ROLE_SENDER, LOCAL_PORT);
    for (int i = 0; i < ADK_INBOX_LENGTH + 1; i++)
    {
        ring_port_put(&looking.media->port, &frame);
        (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    }
    for (int i = 0; i < ADK_INBOX_LENGTH; i++)
    {
        check_captured(next_of(looking.reader), &frame, ADK_DIRECTION_IN, -1);
    }
    check_captured(next_of(looking.reader), &frame, ADK_DIRECTION_IN, ADK_COUNT_HANDOFF_FULL);
    CHECK_EQUAL(1, count_of(&looking.media->port, ADK_COUNT_HANDOFF_FULL));
    do
    {
        looking.media->deliveries->count = 0;
    } while (0 < media_poll(looking.media, ADK_ROLE_SENDER));
    CHECK_EQUAL(0, adk_transport_close(&transport));
    look_away(&looking);
}

TEST(frames_that_leave_are_captured_from_every_lane)
{
    ring_port_t port = ring_port();
    adk_capture_reader_t *reader = look_at(port.stack, WHOLE);
    adk_destination_t destination = destination_of_test(&port, PEER_IPV4);
    const frame_t control = arp_request();
    batch_t batch;
    int64_t bytes = 0;

    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    batch_fill(&batch, 3, 200, 0);
    CHECK_EQUAL(3, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));
    CHECK_EQUAL(1, adk_control_transmit(port.stack, control.bytes, (uint16_t)control.length));

    for (int i = 0; i < 3; i++)
    {
        const frame_t frame = frame_from_local(PEER_MAC, PEER_IPV4, &batch.payloads[i]);
        check_captured(next_of(reader), &frame, ADK_DIRECTION_OUT, -1);
    }
    check_captured(next_of(reader), &control, ADK_DIRECTION_OUT, -1);
    adk_capture_reader_close(reader);
    ring_port_close(&port);
}

TEST(a_frame_to_our_own_address_is_captured_with_its_lengths)
{
    ring_port_t port = ring_port();
    adk_capture_reader_t *reader = look_at(port.stack, WHOLE);
    adk_destination_t destination = destination_of_test(&port, LOCAL_IPV4);
    void *stale;
    int owner = 0;
    batch_t batch;
    int64_t bytes = 0;

    CHECK_EQUAL(PEER_PORT, adk_endpoints_reserve(&port.stack->endpoints, PEER_PORT, &owner, &stale));
    CHECK_EQUAL(0, adk_endpoints_publish(&port.stack->endpoints, PEER_PORT, &owner, ADK_ROLE_RECEIVER));
    batch_fill(&batch, 1, 200, 0);
    CHECK_EQUAL(1, send_batch(&port, ADK_ROLE_SENDER, &destination, &batch, &bytes));

    const adk_captured_t captured = next_of(reader);
    CHECK_EQUAL(ADK_DIRECTION_LOOPBACK, captured.direction);
    CHECK(captured.needs_checksum);
    CHECK_EQUAL(42 + 200, captured.captured_length);
    CHECK_EQUAL(28 + 200, get16(captured.data + AT_TOTAL_LENGTH));
    CHECK_EQUAL(8 + 200, get16(captured.data + AT_UDP_LENGTH));
    CHECK(0 == memcmp(captured.data + AT_PAYLOAD, batch.bytes[0], 200));
    adk_capture_reader_close(reader);
    ring_port_close(&port);
}

TEST(a_frame_in_several_mbufs_is_captured_whole)
{
    looking_t looking = look(WHOLE);
    const frame_t frame = frame_of(1000);
    const uint16_t lengths[] = { 20, 300, 722 };

    ring_port_put_mbuf(&looking.media->port, chain_of(&looking.media->port, &frame, lengths, 3));
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    check_captured(next_of(looking.reader), &frame, ADK_DIRECTION_IN, ADK_COUNT_RX_NO_ENDPOINT);
    look_away(&looking);
}

TEST(no_more_of_a_frame_is_taken_than_was_asked_for)
{
    looking_t looking = look(60);
    const frame_t frame = frame_of(1000);

    ring_port_put(&looking.media->port, &frame);
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    const adk_captured_t captured = next_of(looking.reader);
    CHECK_EQUAL(frame.length, captured.frame_length);
    CHECK_EQUAL(60, captured.captured_length);
    CHECK(0 == memcmp(frame.bytes, captured.data, 60));
    look_away(&looking);
}
