/* A message of the load: its sequence number, then zeros or the number's last byte, and the number's complement. */
#ifndef ADK_LOAD_MESSAGE_H
#define ADK_LOAD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ADK_MESSAGE_MIN_LENGTH (2 * sizeof(int64_t))
/* The sequence number of a stream's last message: Aeron needs seconds to notice the end of a stream. */
#define ADK_MESSAGE_END (-1)

static inline void adk_message_write(uint8_t *buffer, size_t length, int64_t sequence)
{
    const int64_t complement = ~sequence;

    memcpy(buffer, &sequence, sizeof(sequence));
    memcpy(buffer + length - sizeof(complement), &complement, sizeof(complement));
}

/* The same, and writes all the bytes in between. */
static inline void adk_message_fill(uint8_t *buffer, size_t length, int64_t sequence)
{
    memset(buffer + sizeof(sequence), (uint8_t)sequence, length - ADK_MESSAGE_MIN_LENGTH);
    adk_message_write(buffer, length, sequence);
}

/* False for a message that is not the expected one: after a loss, a repeat, a reordering, or if bytes are wrong. */
static inline bool adk_message_matches(
    const uint8_t *buffer, size_t length, size_t expected_length, int64_t expected_sequence)
{
    int64_t sequence;
    int64_t complement;

    if (length != expected_length)
    {
        return false;
    }

    memcpy(&sequence, buffer, sizeof(sequence));
    memcpy(&complement, buffer + length - sizeof(complement), sizeof(complement));
    return sequence == expected_sequence && complement == ~expected_sequence;
}

/* The sequence number of a whole message; INT64_MIN if its two ends contradict each other. */
static inline int64_t adk_message_sequence(const uint8_t *buffer, size_t length)
{
    int64_t sequence;
    int64_t complement;

    memcpy(&sequence, buffer, sizeof(sequence));
    memcpy(&complement, buffer + length - sizeof(complement), sizeof(complement));
    return sequence == ~complement ? sequence : INT64_MIN;
}

/* The same for a message from adk_message_fill(); reads every byte. */
static inline int64_t adk_message_filled_sequence(const uint8_t *buffer, size_t length)
{
    const int64_t sequence = adk_message_sequence(buffer, length);
    uint8_t difference = 0;

    for (size_t i = sizeof(sequence); i < length - sizeof(sequence); i++)
    {
        difference |= (uint8_t)(buffer[i] ^ (uint8_t)sequence);
    }
    return 0 == difference ? sequence : INT64_MIN;
}

#endif
