/*
 * What the publisher sends is a function of (seed, index), so that a subscriber can detect a wrong byte without a copy
 * of what was sent. The generator is splitmix64 (Steele, Lea, Flood, OOPSLA 2014), the digest FNV-1a 64.
 */
#ifndef AERON_DPDK_TEST_CONTENT_H
#define AERON_DPDK_TEST_CONTENT_H

#include <stdint.h>
#include <stddef.h>
#include <string.h>

typedef struct content_stct
{
    uint64_t seed;
    size_t min_length;
    size_t max_length;
} content_t;

static inline uint64_t content_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The shortest and the longest come first, then every other message is short: the range is reduced by powers of two. */
static inline size_t content_length(const content_t *content, uint64_t index, uint64_t *state)
{
    const uint64_t range = (uint64_t)(content->max_length - content->min_length) + 1;
    const uint64_t draw = content_next(state);

    if (0 == index)
    {
        return content->min_length;
    }
    if (1 == index)
    {
        return content->max_length;
    }

    const uint64_t narrowed = 0 == (index & 1) ? range >> (draw >> 60) : range;
    return content->min_length + (size_t)((draw & UINT64_C(0xffffffffffff)) % (0 == narrowed ? 1 : narrowed));
}

/* Fills buffer (max_length bytes) with message `index` and returns its length. */
static inline size_t content_fill(const content_t *content, uint64_t index, uint8_t *buffer)
{
    uint64_t state = content->seed ^ (index * UINT64_C(0xd6e8feb86659fd93));
    const size_t length = content_length(content, index, &state);

    for (size_t offset = 0; offset < length; offset += sizeof(uint64_t))
    {
        const uint64_t word = 0 == offset ? index : content_next(&state);
        const size_t left = length - offset;
        memcpy(buffer + offset, &word, left < sizeof(word) ? left : sizeof(word));
    }

    return length;
}

/* The index at the start of a message of at least eight bytes. */
static inline uint64_t content_index(const uint8_t *buffer)
{
    uint64_t index;
    memcpy(&index, buffer, sizeof(index));
    return index;
}

#define DIGEST_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t digest_bytes(uint64_t digest, const uint8_t *buffer, size_t length)
{
    for (size_t i = 0; i < length; i++)
    {
        digest = (digest ^ buffer[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

/* The length is hashed too: two short messages must not look like one long one. */
static inline uint64_t digest_message(uint64_t digest, const uint8_t *buffer, size_t length)
{
    const uint64_t length_word = (uint64_t)length;
    return digest_bytes(digest_bytes(digest, (const uint8_t *)&length_word, sizeof(length_word)), buffer, length);
}

#endif
