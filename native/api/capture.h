/*
 * Looking at a running driver's frames. While a capture is open the driver copies them into shared memory, and a tool
 * in another process reads them there. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_API_CAPTURE_H
#define ADK_API_CAPTURE_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

/* ---- in the driver, control thread: one capture at a time ---- */

/*
 * program: length instructions laid out as libpcap's struct bpf_insn; none takes every frame. Returns the descriptor of
 * the shared memory, which the stack owns, or -1: EINVAL for a program that is not safe to run, EBUSY while there is
 * another capture.
 */
int adk_stack_capture_open(adk_stack_t *stack, const void *program, uint32_t length, uint32_t snap_length);
/* The data path stops copying; the memory is freed in adk_stack_capture_step(), once the data threads have noticed. */
void adk_stack_capture_close(adk_stack_t *stack);
/* 1 while the memory is still to be freed, else 0. */
int adk_stack_capture_step(adk_stack_t *stack);

/* ---- in the tool, on any single thread ---- */

typedef struct adk_capture_reader_stct adk_capture_reader_t;

typedef struct adk_captured_stct
{
    uint64_t time_ns;                 /* since the epoch */
    uint32_t frame_length;
    uint32_t captured_length;
    int32_t reason;                   /* the count of the drop, or -1 */
    uint8_t direction;                /* enum adk_direction_en */
    uint8_t needs_checksum;           /* boolean: the copy was made before the checksums were computed */
    const uint8_t *data;              /* valid until the next call */
} adk_captured_t;

/* Maps the memory behind the driver's descriptor, which may be closed afterwards. NULL on failure. */
adk_capture_reader_t *adk_capture_reader_open(int fd);
void adk_capture_reader_close(adk_capture_reader_t *reader);
/* 1 with the oldest frame available, else 0. */
int adk_capture_reader_next(adk_capture_reader_t *reader, adk_captured_t *captured);
/* Frames that passed the filter but found the rings full. */
uint64_t adk_capture_reader_lost(adk_capture_reader_t *reader);

/* The filter alone: 1 accepted, 0 rejected, -1 if the program is not safe to run. */
int adk_filter_run(
    const void *program, uint32_t length, const uint8_t *frame, uint32_t available, uint32_t frame_length);

#endif
