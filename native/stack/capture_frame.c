/* Hot path during a capture: from a frame to a record in a lane's ring. */
#include <string.h>
#include <time.h>

#include <rte_mbuf.h>

#include "stack/capture.h"
#include "wire/ipv6/datagram.h"

#define CHECKSUM_FLAGS (RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM)

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Through the vDSO: no system call where the kernel's clock source is the TSC. */
uint64_t adk_capture_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void lose(adk_capture_writer_t *writer)
{
    writer->lost++;
    atomic_store_explicit(&writer->ring->lost, writer->lost, memory_order_relaxed);
}

/*
 * Contiguous room for a record, after a filler when it has to start at the ring's start; NULL, and counted, without
 * room.
 */
static adk_capture_record_t *reserve(adk_capture_writer_t *writer, uint32_t record_length)
{
    adk_capture_ring_t *ring = writer->ring;
    const uint64_t used = writer->tail - atomic_load_explicit(&ring->head, memory_order_acquire);
    const uint64_t offset = writer->tail & (ADK_CAPTURE_RING_LENGTH - 1);
    const uint64_t left = ADK_CAPTURE_RING_LENGTH - offset;
    const uint64_t skipped = record_length > left ? left : 0;

    if (used > ADK_CAPTURE_RING_LENGTH || used + skipped + record_length > ADK_CAPTURE_RING_LENGTH)
    {
        lose(writer);
        return NULL;
    }
    if (skipped >= sizeof(adk_capture_record_t))
    {
        *(adk_capture_record_t *)(ring->data + offset) = (adk_capture_record_t){ .record_length = (uint32_t)skipped };
    }
    writer->tail += skipped;
    return (adk_capture_record_t *)(ring->data + (writer->tail & (ADK_CAPTURE_RING_LENGTH - 1)));
}

void adk_capture_begin(
    adk_capture_t *capture,
    adk_lane_t *lane,
    enum adk_direction_en direction,
    uint64_t time_ns,
    const uint8_t *frame,
    uint32_t available,
    uint32_t frame_length)
{
    adk_capture_writer_t *writer = &capture->writers[lane->role];
    const uint32_t captured_length = least(available, capture->snap_length);

    lane->drop_reason = ADK_COUNT_SIZE;
    writer->pending = NULL;
    if (NULL != capture->filter && !adk_filter_accepts(capture->filter, frame, available, frame_length))
    {
        return;
    }

    const uint32_t record_length = RTE_ALIGN_CEIL(
        (uint32_t)sizeof(adk_capture_record_t) + captured_length, ADK_CAPTURE_ALIGNMENT);
    adk_capture_record_t *record = reserve(writer, record_length);
    if (NULL != record)
    {
        *record = (adk_capture_record_t){
            .time_ns = time_ns,
            .record_length = record_length,
            .frame_length = frame_length,
            .captured_length = (uint16_t)captured_length,
            .reason = ADK_COUNT_SIZE,
            .direction = (uint8_t)direction,
            .needs_checksum = ADK_DIRECTION_LOOPBACK == direction,
        };
        memcpy(record + 1, frame, captured_length);
        writer->tail += record_length;
        writer->pending = record;
    }
}

void adk_capture_end(adk_capture_t *capture, adk_lane_t *lane)
{
    adk_capture_writer_t *writer = &capture->writers[lane->role];
    if (NULL != writer->pending)
    {
        writer->pending->reason = (uint16_t)lane->drop_reason;
        atomic_store_explicit(&writer->ring->tail, writer->tail, memory_order_release);
        writer->pending = NULL;
    }
}

/* A frame to our own address never leaves, so its length fields have not been filled in. */
static void complete_lengths(uint8_t *copy, uint32_t captured_length, uint32_t frame_length)
{
    adk_header_t *header = (adk_header_t *)copy;
    adk_header6_t *header6 = (adk_header6_t *)copy;
    if (captured_length >= sizeof(*header6) && adk_is_ipv6_frame(copy))
    {
        header6->payload_length = rte_cpu_to_be_16((uint16_t)(frame_length - offsetof(adk_header6_t, udp)));
        header6->udp.dgram_len = header6->payload_length;
    }
    else if (captured_length >= sizeof(*header))
    {
        const uint16_t ipv4_length = (uint16_t)(frame_length - sizeof(header->ethernet));
        header->ipv4.total_length = rte_cpu_to_be_16(ipv4_length);
        header->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(ipv4_length - sizeof(header->ipv4)));
    }
}

void adk_capture_out(
    adk_capture_t *capture,
    adk_lane_t *lane,
    enum adk_direction_en direction,
    struct rte_mbuf **frames,
    uint16_t count,
    uint16_t reason)
{
    adk_capture_writer_t *writer = &capture->writers[lane->role];
    const uint64_t now_ns = adk_capture_now_ns();

    for (uint16_t i = 0; i < count; i++)
    {
        struct rte_mbuf *frame = frames[i];
        const uint8_t *bytes = rte_pktmbuf_mtod(frame, const uint8_t *);
        adk_capture_begin(capture, lane, direction, now_ns, bytes, frame->data_len, frame->pkt_len);
        if (NULL == writer->pending)
        {
            continue;
        }
        if (ADK_DIRECTION_LOOPBACK == direction)
        {
            complete_lengths(
                (uint8_t *)(writer->pending + 1), least(frame->data_len, capture->snap_length), frame->pkt_len);
        }
        else
        {
            writer->pending->needs_checksum = 0 != (frame->ol_flags & CHECKSUM_FLAGS);
        }
        lane->drop_reason = reason;
        adk_capture_end(capture, lane);
    }
}
