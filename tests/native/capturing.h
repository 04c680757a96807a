/* A test media with a capture of every frame on it, and the tool's end of that capture. */
#ifndef ADK_TESTS_CAPTURING_H
#define ADK_TESTS_CAPTURING_H

#include "api/capture.h"
#include "media.h"

#define WHOLE (UINT16_MAX)

typedef struct looking_stct
{
    test_media_t *media;
    adk_stack_t *stack;
    adk_capture_reader_t *reader;
} looking_t;

static inline adk_capture_reader_t *look_at(adk_stack_t *stack, uint32_t snap_length)
{
    const int fd = adk_stack_capture_open(stack, NULL, 0, snap_length);
    CHECK(fd >= 0);
    adk_capture_reader_t *reader = adk_capture_reader_open(fd);
    CHECK(NULL != reader);
    return reader;
}

static inline looking_t look(uint32_t snap_length)
{
    looking_t looking = { .media = media_open() };
    looking.stack = looking.media->port.stack;
    looking.reader = look_at(looking.stack, snap_length);
    return looking;
}

static inline void look_away(looking_t *looking)
{
    adk_captured_t captured;
    CHECK_EQUAL(0, adk_capture_reader_next(looking->reader, &captured));
    adk_capture_reader_close(looking->reader);
    adk_stack_capture_close(looking->stack);
    media_close(looking->media);
}

static inline adk_captured_t next_of(adk_capture_reader_t *reader)
{
    adk_captured_t captured;
    CHECK_EQUAL(1, adk_capture_reader_next(reader, &captured));
    return captured;
}

static inline void check_captured(adk_captured_t captured, const frame_t *frame, int direction, int reason)
{
    CHECK_EQUAL(frame->length, captured.frame_length);
    CHECK_EQUAL(frame->length, captured.captured_length);
    CHECK_EQUAL(direction, captured.direction);
    CHECK_EQUAL(reason, captured.reason);
    CHECK(0 == memcmp(frame->bytes, captured.data, frame->length));
}

#endif
