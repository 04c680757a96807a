#include "term.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_debug.h>
#include <rte_memzone.h>
#include <rte_pause.h>

/* Written as clients do: a memset() of more bytes might bypass the caches. */
#define PIECE_LENGTH (1024u)

/* On separate cache lines: the client polls it while the sender works. */
static struct client_stct
{
    uint8_t *bytes;
    uint32_t frame_length;
    size_t frames;
    _Atomic uint64_t asked;
    _Atomic uint64_t written;
} __rte_cache_aligned client;

void term_open(term_t *term, bool is_in_dpdk_memory)
{
    term->position = 0;
    if (is_in_dpdk_memory)
    {
        const struct rte_memzone *zone = rte_memzone_reserve("term", TERM_LENGTH, SOCKET_ID_ANY, 0);
        term->bytes = NULL == zone ? NULL : zone->addr;
    }
    else
    {
        void *pages = mmap(NULL, TERM_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        term->bytes = MAP_FAILED == pages ? NULL : pages;
    }
    if (NULL == term->bytes)
    {
        rte_panic("no memory for a term of %u bytes\n", TERM_LENGTH);
    }
    memset(term->bytes, 1, TERM_LENGTH);
}

static void write_frames(uint8_t *bytes, uint32_t frame_length, size_t frames)
{
    static uint8_t value;

    value++;
    for (size_t frame = 0; frame < frames; frame++, bytes += frame_length)
    {
        for (uint32_t i = 0; i < frame_length; i += PIECE_LENGTH)
        {
            memset(bytes + i, value, frame_length - i < PIECE_LENGTH ? frame_length - i : PIECE_LENGTH);
        }
        memcpy(bytes, &frame_length, sizeof(frame_length));
    }
}

static void *run_client(void *unused)
{
    for (uint64_t written = 0;; written++)
    {
        while (written == atomic_load_explicit(&client.asked, memory_order_acquire))
        {
            rte_pause();
        }
        write_frames(client.bytes, client.frame_length, client.frames);
        atomic_store_explicit(&client.written, written + 1, memory_order_release);
    }
    return unused;
}

void term_start_client(unsigned int cpu)
{
    pthread_t thread;
    pthread_attr_t attributes;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
    if (0 != pthread_create(&thread, &attributes, run_client, NULL))
    {
        rte_panic("no thread on CPU %u\n", cpu);
    }
}

const uint8_t *term_write(term_t *term, uint32_t frame_length, size_t frames, bool is_elsewhere)
{
    const size_t length = frame_length * frames;
    term->position = term->position + length > TERM_LENGTH ? 0 : term->position;
    uint8_t *bytes = term->bytes + term->position;
    term->position += length;
    if (!is_elsewhere)
    {
        write_frames(bytes, frame_length, frames);
        return bytes;
    }

    client.bytes = bytes;
    client.frame_length = frame_length;
    client.frames = frames;
    const uint64_t asked = atomic_fetch_add_explicit(&client.asked, 1, memory_order_release) + 1;
    while (asked != atomic_load_explicit(&client.written, memory_order_acquire))
    {
        rte_pause();
    }
    return bytes;
}
