/* Reads several bytes of a frame at once, at any address, in network byte order. */
#ifndef ADK_WIRE_WORDS_H
#define ADK_WIRE_WORDS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t adk_word_64(const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static inline uint32_t adk_word_32(const void *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

#endif
