/*
 * Copies of frames for a capture tool. Each lane writes into a ring of its own in memory that it shares with the
 * tool, and never waits: what finds no room is counted as lost. While nobody captures, it costs one branch.
 *
 * The tool may write anything into that memory at any time. So nothing of it is believed but the ring's head, which
 * only decides whether there is room; every offset comes from the writer's own tail.
 */
#ifndef ADK_STACK_CAPTURE_H
#define ADK_STACK_CAPTURE_H

#include "stack/filter.h"
#include "stack/lane.h"

#define ADK_CAPTURE_RING_LENGTH (UINT64_C(4) * 1024 * 1024)
#define ADK_CAPTURE_ALIGNMENT (8)

typedef struct adk_capture_record_stct
{
    uint64_t time_ns;                 /* CLOCK_REALTIME */
    uint32_t record_length;           /* of this, the bytes behind it and what aligns the next one */
    uint32_t frame_length;            /* on the wire; 0: a filler up to the ring's end, or an empty frame */
    uint16_t captured_length;
    uint16_t reason;                  /* enum adk_count_en of the drop; ADK_COUNT_SIZE for none */
    uint8_t direction;                /* enum adk_direction_en */
    uint8_t needs_checksum;           /* boolean: computing them was left to the device, or to nobody */
    uint16_t reserved;
} adk_capture_record_t;

static_assert(24 == sizeof(adk_capture_record_t), "no padding in what another process reads");
static_assert(0 == sizeof(adk_capture_record_t) % ADK_CAPTURE_ALIGNMENT, "records stay aligned");

/* Shared. Positions count bytes and never wrap; a record less than its header from the end starts at the start. */
typedef struct adk_capture_ring_stct
{
    _Alignas(RTE_CACHE_LINE_SIZE) _Atomic uint64_t tail;
    _Atomic uint64_t lost;
    _Alignas(RTE_CACHE_LINE_SIZE) _Atomic uint64_t head; /* the tool's */
    _Alignas(RTE_CACHE_LINE_SIZE) uint8_t data[ADK_CAPTURE_RING_LENGTH];
} adk_capture_ring_t;

/* One thread's end of a ring, out of the tool's reach. */
typedef struct adk_capture_writer_stct
{
    adk_capture_ring_t *ring;
    uint64_t tail;
    uint64_t lost;
    adk_capture_record_t *pending;    /* begun and not ended; NULL where the frame is not captured */
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_capture_writer_t;

typedef struct adk_capture_stct
{
    adk_capture_writer_t writers[ADK_ROLE_COUNT];
    adk_capture_ring_t *rings;        /* ADK_ROLE_COUNT of them */
    adk_filter_instruction_t *filter; /* NULL takes every frame */
    uint32_t snap_length;
    int fd;
} adk_capture_t;

/* NULL, with the error set, and nothing left behind. The program is copied; its length 0 takes every frame. */
adk_capture_t *adk_capture_create(
    const adk_filter_instruction_t *program, uint32_t program_length, uint32_t snap_length);
/* No lane may write any more. */
void adk_capture_free(adk_capture_t *capture);

/* ---- hot path, while someone captures: kept out of the code that runs when nobody does ---- */

#define ADK_CAPTURE_APART __attribute__((noinline, cold))

ADK_CAPTURE_APART uint64_t adk_capture_now_ns(void);
/* Copies the frame before anything happens to it; the lane's next drop becomes its reason. */
ADK_CAPTURE_APART void adk_capture_begin(
    adk_capture_t *capture,
    adk_lane_t *lane,
    enum adk_direction_en direction,
    uint64_t time_ns,
    const uint8_t *frame,
    uint32_t available,
    uint32_t frame_length);
/* Shows it to the tool, with the reason if the frame was dropped since. */
ADK_CAPTURE_APART void adk_capture_end(adk_capture_t *capture, adk_lane_t *lane);

/* Frames of one mbuf each that are about to leave, or that were dropped for reason (ADK_COUNT_SIZE: they were not). */
ADK_CAPTURE_APART void adk_capture_out(
    adk_capture_t *capture,
    adk_lane_t *lane,
    enum adk_direction_en direction,
    struct rte_mbuf **frames,
    uint16_t count,
    uint16_t reason);

/* What a tool calls on the memory that it was given. */
bool adk_capture_ring_next(adk_capture_ring_t *ring, adk_capture_record_t *record, const uint8_t **data);
void adk_capture_ring_advance(adk_capture_ring_t *ring, const adk_capture_record_t *record);

#endif
