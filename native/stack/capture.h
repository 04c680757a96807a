/*
 * Copies of frames for a capture tool. Each lane writes into its own ring, in memory shared with the tool, and never
 * waits: a frame that finds no room is counted as lost. While no capture is open, the cost is one branch.
 *
 * The tool may write anything into that memory at any time. Only the ring's head is therefore read from it, and it only
 * decides whether there is room; every offset comes from the writer's own tail.
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
    uint32_t record_length; /* including the bytes that follow and the padding that aligns the next record */
    uint32_t frame_length; /* on the wire; 0: a filler up to the ring's end, or an empty frame */
    uint16_t captured_length;
    uint16_t reason; /* enum adk_count_en of the drop; ADK_COUNT_SIZE: not dropped */
    uint8_t direction; /* enum adk_direction_en */
    uint8_t needs_checksum; /* boolean: the checksums were left to the device, or not needed */
    uint16_t reserved;
} adk_capture_record_t;

static_assert(24 == sizeof(adk_capture_record_t), "no padding in what another process reads");
static_assert(0 == sizeof(adk_capture_record_t) % ADK_CAPTURE_ALIGNMENT, "records stay aligned");

/*
 * Shared. Positions count bytes and never wrap; where less than a record header is left, the next record starts at the
 * start.
 */
typedef struct adk_capture_ring_stct
{
    _Alignas(RTE_CACHE_LINE_SIZE) _Atomic uint64_t tail;
    _Atomic uint64_t lost;
    _Alignas(RTE_CACHE_LINE_SIZE) _Atomic uint64_t head; /* written by the tool */
    _Alignas(RTE_CACHE_LINE_SIZE) uint8_t data[ADK_CAPTURE_RING_LENGTH];
} adk_capture_ring_t;

/* One thread's end of a ring, out of the tool's reach. */
typedef struct adk_capture_writer_stct
{
    adk_capture_ring_t *ring;
    uint64_t tail;
    uint64_t lost;
    adk_capture_record_t *pending; /* begun and not yet ended; NULL when the frame is not captured */
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_capture_writer_t;

typedef struct adk_capture_stct
{
    adk_capture_writer_t writers[ADK_ROLE_COUNT];
    adk_capture_ring_t *rings; /* ADK_ROLE_COUNT of them */
    adk_filter_instruction_t *filter; /* NULL takes every frame */
    uint32_t snap_length;
    int fd;
} adk_capture_t;

/* NULL with the error set, and nothing left behind. The program is copied; length 0 takes every frame. */
adk_capture_t *adk_capture_create(
    const adk_filter_instruction_t *program, uint32_t program_length, uint32_t snap_length);
/* To be called once no lane can write any more. */
void adk_capture_free(adk_capture_t *capture);

/* ---- hot path during a capture: kept out of the code that runs without one ---- */

#define ADK_CAPTURE_APART __attribute__((noinline, cold))

ADK_CAPTURE_APART uint64_t adk_capture_now_ns(void);
/* Copies the frame before anything changes it; the lane's next drop becomes the record's reason. */
ADK_CAPTURE_APART void adk_capture_begin(
    adk_capture_t *capture,
    adk_lane_t *lane,
    enum adk_direction_en direction,
    uint64_t time_ns,
    const uint8_t *frame,
    uint32_t available,
    uint32_t frame_length);
/* Makes the record visible to the tool, with the reason if the frame has been dropped since adk_capture_begin(). */
ADK_CAPTURE_APART void adk_capture_end(adk_capture_t *capture, adk_lane_t *lane);

/* Frames of one mbuf each that are about to leave, or that were dropped for reason (ADK_COUNT_SIZE: not dropped). */
ADK_CAPTURE_APART void adk_capture_out(
    adk_capture_t *capture,
    adk_lane_t *lane,
    enum adk_direction_en direction,
    struct rte_mbuf **frames,
    uint16_t count,
    uint16_t reason);

/* What a tool calls on the memory it was given. */
bool adk_capture_ring_next(adk_capture_ring_t *ring, adk_capture_record_t *record, const uint8_t **data);
void adk_capture_ring_advance(adk_capture_ring_t *ring, const adk_capture_record_t *record);

#endif
