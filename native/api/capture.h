/*
 * Looking at a running driver's frames. The driver copies them into shared memory while a capture is open, a tool in
 * another process reads them out. Conventions as in aeron_dpdk.h, which cffi reads first.
 */
#ifndef ADK_API_CAPTURE_H
#define ADK_API_CAPTURE_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

/* ---- in the driver, control thread: one capture at a time ---- */

/*
 * program: length instructions as libpcap's struct bpf_insn; none takes every frame. Returns the descriptor of the
 * shared memory, which stays the stack's, or -1: EINVAL for a program that may not be run, EBUSY while there is
 * another capture.
 */
int adk_stack_capture_open(adk_stack_t *stack, const void *program, uint32_t length, uint32_t snap_length);
/* The data path stops copying; its memory is freed once the data threads have noticed, in adk_stack_capture_step(). */
void adk_stack_capture_close(adk_stack_t *stack);
/* 1 while that is still to come, else 0. */
int adk_stack_capture_step(adk_stack_t *stack);

/* ---- in the tool, any one thread ---- */

typedef struct adk_capture_reader_stct adk_capture_reader_t;

typedef struct adk_captured_stct
{
    uint64_t time_ns;                 /* since the epoch */
    uint32_t frame_length;
    uint32_t captured_length;
    int32_t reason;                   /* the count of the drop, or -1 */
    uint8_t direction;                /* enum adk_direction_en */
    uint8_t needs_checksum;           /* boolean: the copy was made before the checksums were computed */
    const uint8_t *data;              /* until the next call */
} adk_captured_t;

/* Maps the memory behind the driver's descriptor, which may be closed then. NULL on failure. */
adk_capture_reader_t *adk_capture_reader_open(int fd);
void adk_capture_reader_close(adk_capture_reader_t *reader);
/* 1 with the oldest frame of those that are there, else 0. */
int adk_capture_reader_next(adk_capture_reader_t *reader, adk_captured_t *captured);
/* Frames that passed the filter and found the rings full. */
uint64_t adk_capture_reader_lost(adk_capture_reader_t *reader);

/* The filter alone: 1 accepted, 0 rejected, -1 not a program that may be run. */
int adk_filter_run(
    const void *program, uint32_t length, const uint8_t *frame, uint32_t available, uint32_t frame_length);

#endif
