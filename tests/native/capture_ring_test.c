/* The memory that driver and capture tool share: order, loss, end, and a hostile tool. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capturing.h"
#include "suite.h"

/* Numbered frames through a ring that is read now and then, at lengths that put record ends at every position in it. */
TEST(frames_come_out_of_the_ring_in_order_however_often_it_wraps)
{
    looking_t looking = look(WHOLE);
    uint32_t written = 0;
    uint32_t read = 0;

    for (int round = 0; round < 200; round++)
    {
        for (int i = 0; i < 100; i++)
        {
            frame_t frame = frame_of(4 + (written * 37) % 1400);
            put32(frame.bytes + AT_PAYLOAD, written);
            adk_lane_t *lane = &looking.stack->lanes[ADK_ROLE_RECEIVER];
            adk_capture_t *capture = adk_stack_capture(looking.stack);
            adk_capture_begin(capture, lane, ADK_DIRECTION_IN, written, frame.bytes, frame.length, frame.length);
            adk_capture_end(capture, lane);
            written++;
        }
        for (int i = 0; i < 100; i++)
        {
            const adk_captured_t captured = next_of(looking.reader);
            CHECK_EQUAL(read, captured.time_ns);
            CHECK_EQUAL(42 + 4 + (read * 37) % 1400, captured.captured_length);
            CHECK_EQUAL(read, get16(captured.data + AT_PAYLOAD) << 16 | get16(captured.data + AT_PAYLOAD + 2));
            read++;
        }
    }
    CHECK_EQUAL(0, adk_capture_reader_lost(looking.reader));
    look_away(&looking);
}

/* A memif peer can send such a frame. */
TEST(an_empty_frame_is_passed_over_and_what_follows_it_is_not)
{
    looking_t looking = look(WHOLE);
    adk_lane_t *lane = &looking.stack->lanes[ADK_ROLE_RECEIVER];
    adk_capture_t *capture = adk_stack_capture(looking.stack);
    const frame_t frame = frame_of(100);

    adk_capture_begin(capture, lane, ADK_DIRECTION_IN, 1, frame.bytes, 0, 0);
    adk_capture_end(capture, lane);
    adk_capture_begin(capture, lane, ADK_DIRECTION_IN, 2, frame.bytes, frame.length, frame.length);
    adk_capture_end(capture, lane);
    CHECK_EQUAL(2, next_of(looking.reader).time_ns);
    look_away(&looking);
}

static uint32_t capture_until_full(adk_stack_t *stack, adk_capture_reader_t *reader)
{
    const frame_t frame = frame_of(1000);
    adk_lane_t *lane = &stack->lanes[ADK_ROLE_RECEIVER];
    adk_capture_t *capture = adk_stack_capture(stack);
    uint32_t count = 0;

    while (0 == adk_capture_reader_lost(reader))
    {
        adk_capture_begin(capture, lane, ADK_DIRECTION_IN, count, frame.bytes, frame.length, frame.length);
        adk_capture_end(capture, lane);
        count++;
    }
    return count - 1;
}

TEST(what_finds_no_room_is_lost_and_counted_and_the_rest_stays_whole)
{
    looking_t looking = look(WHOLE);
    const frame_t frame = frame_of(1000);
    const uint32_t kept = capture_until_full(looking.stack, looking.reader);

    CHECK(kept > 3000);
    for (int i = 0; i < 9; i++)
    {
        ring_port_put(&looking.media->port, &frame);
    }
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    CHECK_EQUAL(10, adk_capture_reader_lost(looking.reader));
    CHECK_EQUAL(9, count_of(&looking.media->port, ADK_COUNT_RX_NO_ENDPOINT));
    for (uint32_t i = 0; i < kept; i++)
    {
        CHECK_EQUAL(i, next_of(looking.reader).time_ns);
    }
    ring_port_put(&looking.media->port, &frame);
    (void)media_poll(looking.media, ADK_ROLE_RECEIVER);
    check_captured(next_of(looking.reader), &frame, ADK_DIRECTION_IN, ADK_COUNT_RX_NO_ENDPOINT);
    look_away(&looking);
}

/* Address and undefined-behaviour sanitizers check the driver's side meanwhile. */
TEST(a_tool_that_writes_nonsense_into_the_shared_memory_harms_only_itself)
{
    test_media_t *media = media_open();
    adk_stack_t *stack = media->port.stack;
    const size_t length = ADK_ROLE_COUNT * sizeof(adk_capture_ring_t);
    const int fd = adk_stack_capture_open(stack, NULL, 0, WHOLE);
    uint8_t *shared = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const frame_t frame = frame_of(700);
    uint64_t dice = 88172645463325252;

    CHECK(MAP_FAILED != shared);
    for (int i = 0; i < 20000; i++)
    {
        adk_capture_ring_t *ring = (adk_capture_ring_t *)shared + ADK_ROLE_RECEIVER;
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        ring->head = 0 == i % 3 ? dice : stack->open_capture->writers[ADK_ROLE_RECEIVER].tail + dice % 4096 - 2048;
        ring->tail = dice;
        memset(ring->data + dice % (ADK_CAPTURE_RING_LENGTH - 4096), (int)dice, 4096);
        ring_port_put(&media->port, &frame);
        (void)media_poll(media, ADK_ROLE_RECEIVER);
    }
    CHECK_EQUAL(20000, count_of(&media->port, ADK_COUNT_RX_NO_ENDPOINT));
    (void)munmap(shared, length);
    adk_stack_capture_close(stack);
    media_close(media);
}

TEST(a_tool_cannot_take_the_memory_away)
{
    ring_port_t port = ring_port();
    const int fd = adk_stack_capture_open(port.stack, NULL, 0, WHOLE);

    CHECK_EQUAL(-1, ftruncate(fd, 4096));
    CHECK_EQUAL(EPERM, errno);
    CHECK_EQUAL(-1, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    ring_port_close(&port);
}

TEST(one_capture_at_a_time_and_the_next_once_the_data_threads_have_let_go)
{
    test_media_t *media = media_open();
    adk_stack_t *stack = media->port.stack;

    (void)media_poll(media, ADK_ROLE_RECEIVER);
    CHECK(adk_stack_capture_open(stack, NULL, 0, WHOLE) >= 0);
    CHECK_EQUAL(-1, adk_stack_capture_open(stack, NULL, 0, WHOLE));
    CHECK_EQUAL(EBUSY, adk_error_code());

    adk_stack_capture_close(stack);
    adk_stack_capture_step(stack);
    CHECK_EQUAL(-1, adk_stack_capture_open(stack, NULL, 0, WHOLE));
    (void)media_poll(media, ADK_ROLE_RECEIVER);
    adk_stack_capture_step(stack);
    CHECK(adk_stack_capture_open(stack, NULL, 0, WHOLE) >= 0);
    media_close(media);
}

TEST(only_what_passes_the_filter_is_captured)
{
    /* ldb [23]; jeq #17, accept, reject */
    const adk_filter_instruction_t udp[] = {
        { .code = 0x30, .k = 23 },
        { .code = 0x15, .jump_true = 0, .jump_false = 1, .k = 17 },
        { .code = 0x06, .k = 65535 },
        { .code = 0x06, .k = 0 },
    };
    test_media_t *media = media_open();
    adk_capture_reader_t *reader = adk_capture_reader_open(adk_stack_capture_open(media->port.stack, udp, 4, WHOLE));
    const frame_t request = arp_request();
    const frame_t frame = frame_of(50);

    ring_port_put(&media->port, &request);
    ring_port_put(&media->port, &frame);
    (void)media_poll(media, ADK_ROLE_RECEIVER);
    check_captured(next_of(reader), &frame, ADK_DIRECTION_IN, ADK_COUNT_RX_NO_ENDPOINT);
    adk_captured_t captured;
    CHECK_EQUAL(0, adk_capture_reader_next(reader, &captured));
    adk_capture_reader_close(reader);
    media_close(media);
}

TEST(a_program_that_might_not_end_or_might_read_elsewhere_is_refused)
{
    const adk_filter_instruction_t bad[][2] = {
        { { .code = 0x05, .k = UINT32_MAX }, { .code = 0x06 } },                   /* ja backwards */
        { { .code = 0x15, .jump_true = 1 }, { .code = 0x06 } },                    /* jeq behind the end */
        { { .code = 0x15, .jump_false = 1 }, { .code = 0x06 } },
        { { .code = 0x60, .k = 16 }, { .code = 0x06 } },                           /* ld M[16] */
        { { .code = 0x02, .k = 16 }, { .code = 0x06 } },                           /* st M[16] */
        { { .code = 0x34, .k = 0 }, { .code = 0x06 } },                            /* div #0 */
        { { .code = 0x94, .k = 0 }, { .code = 0x06 } },                            /* mod #0 */
        { { .code = 0x06 }, { .code = 0x00 } },                                    /* does not end with ret */
        { { .code = 0xffff }, { .code = 0x06 } },
        { { .code = 0xb4 }, { .code = 0x06 } },                                    /* no such operation */
        { { .code = 0x55 }, { .code = 0x06 } },                                    /* no such jump */
    };
    ring_port_t port = ring_port();

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    {
        CHECK_EQUAL(-1, adk_stack_capture_open(port.stack, bad[i], 2, WHOLE));
        CHECK_EQUAL(EINVAL, adk_error_code());
    }
    ring_port_close(&port);
}

TEST(a_reader_refuses_what_is_no_capture)
{
    const int fd = memfd_create("short", 0);
    CHECK(NULL == adk_capture_reader_open(fd));
    CHECK_EQUAL(EINVAL, adk_error_code());
    (void)close(fd);
}
