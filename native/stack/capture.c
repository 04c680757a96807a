/* Set-up and tear-down of a capture, and the tool's side of its rings. */
#include "stack/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port/error.h"

#define RINGS_LENGTH (ADK_ROLE_COUNT * sizeof(adk_capture_ring_t))

static_assert(0 == (ADK_CAPTURE_RING_LENGTH & (ADK_CAPTURE_RING_LENGTH - 1)), "an index mask");
static_assert(ADK_CAPTURE_RING_LENGTH > 16 * ADK_LINEAR_LENGTH, "the longest frame fits many times");

/*
 * Sealed, because the tool holds the descriptor too: if it truncated the file, our next write would raise SIGBUS.
 * Populated, because the data path must not take the page faults.
 */
static int share_rings(adk_capture_t *capture)
{
    capture->fd = memfd_create("aeronmd_dpdk capture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (capture->fd < 0 ||
        ftruncate(capture->fd, RINGS_LENGTH) < 0 ||
        fcntl(capture->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
    {
        adk_set_error(errno, "capture: no shared memory of %zu bytes: %s", RINGS_LENGTH, strerror(errno));
        return -1;
    }

    void *rings = mmap(NULL, RINGS_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, capture->fd, 0);
    if (MAP_FAILED == rings)
    {
        adk_set_error(errno, "capture: mmap of %zu bytes: %s", RINGS_LENGTH, strerror(errno));
        return -1;
    }
    capture->rings = rings;
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        capture->writers[role].ring = &capture->rings[role];
    }
    return 0;
}

static int copy_filter(adk_capture_t *capture, const adk_filter_instruction_t *program, uint32_t length)
{
    if (0 == length)
    {
        return 0;
    }
    if (!adk_filter_is_valid(program, length))
    {
        adk_set_error(
            EINVAL, "capture: the filter is no valid program of at most %d instructions", ADK_FILTER_LENGTH_MAX);
        return -1;
    }

    capture->filter = malloc(length * sizeof(*program));
    if (NULL == capture->filter)
    {
        adk_set_error(ENOMEM, "capture: no memory for a filter of %u instructions", length);
        return -1;
    }
    memcpy(capture->filter, program, length * sizeof(*program));
    return 0;
}

adk_capture_t *adk_capture_create(
    const adk_filter_instruction_t *program, uint32_t program_length, uint32_t snap_length)
{
    adk_capture_t *capture = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*capture));
    if (NULL == capture)
    {
        adk_set_error(ENOMEM, "capture: no memory for %zu bytes", sizeof(*capture));
        return NULL;
    }

    memset(capture, 0, sizeof(*capture));
    capture->fd = -1;
    capture->snap_length = snap_length < UINT16_MAX ? snap_length : UINT16_MAX;
    if (copy_filter(capture, program, program_length) < 0 || share_rings(capture) < 0)
    {
        adk_capture_free(capture);
        return NULL;
    }
    return capture;
}

void adk_capture_free(adk_capture_t *capture)
{
    if (NULL == capture)
    {
        return;
    }
    if (NULL != capture->rings)
    {
        (void)munmap(capture->rings, RINGS_LENGTH);
    }
    if (capture->fd >= 0)
    {
        (void)close(capture->fd);
    }
    free(capture->filter);
    free(capture);
}

bool adk_capture_ring_next(adk_capture_ring_t *ring, adk_capture_record_t *record, const uint8_t **data)
{
    const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    while (head < tail)
    {
        const uint64_t offset = head & (ADK_CAPTURE_RING_LENGTH - 1);
        const uint64_t left = ADK_CAPTURE_RING_LENGTH - offset;
        if (left < sizeof(*record))
        {
            head += left;
            continue;
        }
        memcpy(record, ring->data + offset, sizeof(*record));
        if (0 != record->frame_length)
        {
            *data = ring->data + offset + sizeof(*record);
            atomic_store_explicit(&ring->head, head, memory_order_release);
            return true;
        }
        head += record->record_length;
    }
    return false;
}

void adk_capture_ring_advance(adk_capture_ring_t *ring, const adk_capture_record_t *record)
{
    const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    atomic_store_explicit(&ring->head, head + record->record_length, memory_order_release);
}
