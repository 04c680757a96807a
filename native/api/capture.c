#include "api/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "api/internal.h"
#include "port/error.h"
#include "stack/capture.h"
#include "stack/stack.h"

struct adk_capture_reader_stct
{
    adk_capture_ring_t *rings;
    adk_capture_ring_t *to_advance;   /* the ring that the last frame came from */
    adk_capture_record_t last;
};

int adk_stack_capture_open(adk_stack_t *stack, const void *program, uint32_t length, uint32_t snap_length)
{
    (void)adk_stack_capture_step(stack);
    if (NULL != stack->open_capture)
    {
        adk_set_error(EBUSY, "another capture is open, or its end is not through yet");
        return -1;
    }

    adk_capture_t *capture = adk_capture_create(program, length, snap_length);
    if (NULL == capture)
    {
        return -1;
    }
    stack->open_capture = capture;
    atomic_store_explicit(&stack->capture, capture, memory_order_release);
    return capture->fd;
}

void adk_stack_capture_close(adk_stack_t *stack)
{
    atomic_store_explicit(&stack->capture, NULL, memory_order_release);
    stack->capture_token = adk_stack_take_away(stack);
}

int adk_stack_capture_step(adk_stack_t *stack)
{
    const bool is_closing = NULL != stack->open_capture &&
        NULL == atomic_load_explicit(&stack->capture, memory_order_relaxed);
    if (is_closing && 0 != rte_rcu_qsbr_check(stack->quiescence, stack->capture_token, false))
    {
        adk_capture_free(stack->open_capture);
        stack->open_capture = NULL;
        return 0;
    }
    return is_closing;
}

adk_capture_reader_t *adk_capture_reader_open(int fd)
{
    const size_t length = ADK_ROLE_COUNT * sizeof(adk_capture_ring_t);
    struct stat status;
    adk_capture_reader_t *reader = calloc(1, sizeof(*reader));
    if (NULL == reader)
    {
        adk_set_error(ENOMEM, "no memory for the reader of a capture");
        return NULL;
    }

    if (fstat(fd, &status) < 0 || status.st_size != (off_t)length)
    {
        adk_set_error(EINVAL, "what the driver shares is no capture of this version");
        goto error;
    }
    void *rings = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (MAP_FAILED == rings)
    {
        adk_set_error(errno, "mmap of the driver's %zu bytes: %s", length, strerror(errno));
        goto error;
    }
    reader->rings = rings;
    return reader;

error:
    free(reader);
    return NULL;
}

void adk_capture_reader_close(adk_capture_reader_t *reader)
{
    (void)munmap(reader->rings, ADK_ROLE_COUNT * sizeof(adk_capture_ring_t));
    free(reader);
}

int adk_capture_reader_next(adk_capture_reader_t *reader, adk_captured_t *captured)
{
    adk_capture_ring_t *oldest = NULL;

    if (NULL != reader->to_advance)
    {
        adk_capture_ring_advance(reader->to_advance, &reader->last);
        reader->to_advance = NULL;
    }
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        adk_capture_record_t record;
        const uint8_t *data;
        if (adk_capture_ring_next(&reader->rings[role], &record, &data) &&
            (NULL == oldest || record.time_ns < reader->last.time_ns))
        {
            oldest = &reader->rings[role];
            reader->last = record;
            captured->data = data;
        }
    }
    if (NULL == oldest)
    {
        return 0;
    }

    reader->to_advance = oldest;
    captured->time_ns = reader->last.time_ns;
    captured->frame_length = reader->last.frame_length;
    captured->captured_length = reader->last.captured_length;
    captured->reason = ADK_COUNT_SIZE == reader->last.reason ? -1 : (int32_t)reader->last.reason;
    captured->direction = reader->last.direction;
    captured->needs_checksum = reader->last.needs_checksum;
    return 1;
}

uint64_t adk_capture_reader_lost(adk_capture_reader_t *reader)
{
    uint64_t lost = 0;
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        lost += atomic_load_explicit(&reader->rings[role].lost, memory_order_relaxed);
    }
    return lost;
}

int adk_filter_run(
    const void *program, uint32_t length, const uint8_t *frame, uint32_t available, uint32_t frame_length)
{
    return adk_filter_is_valid(program, length) ? adk_filter_accepts(program, frame, available, frame_length) : -1;
}
