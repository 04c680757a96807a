/*
 * A term buffer, and a client that writes messages into it: in the sender's thread, or in another thread on another
 * CPU.
 */
#ifndef ZERO_COPY_TERM_H
#define ZERO_COPY_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERM_LENGTH (16u << 20)

typedef struct term_stct
{
    uint8_t *bytes;
    size_t position;
} term_t;

/* In pages like those of Aeron's log buffers, or in DPDK's own memory, which a virtqueue's other end can see. */
void term_open(term_t *term, bool is_in_dpdk_memory);
void term_start_client(unsigned int cpu);

/*
 * Writes that many frames of that length, one after the other; is_elsewhere: by the client on the other CPU. Each
 * begins with its length, as Aeron's do.
 */
const uint8_t *term_write(term_t *term, uint32_t frame_length, size_t frames, bool is_elsewhere);

#endif
