/* The load generator's messages: any change on the way makes a message fail its check. */
#include "load/message.h"
#include "suite.h"

#define LENGTH (32)
#define SEQUENCE (INT64_C(0x0102030405060708))

TEST(a_message_matches_what_was_written)
{
    uint8_t buffer[LENGTH] = { 0 };

    adk_message_write(buffer, LENGTH, SEQUENCE);
    CHECK(adk_message_matches(buffer, LENGTH, LENGTH, SEQUENCE));
}

TEST(the_shortest_message_matches_too)
{
    uint8_t buffer[ADK_MESSAGE_MIN_LENGTH];

    adk_message_write(buffer, sizeof(buffer), ADK_MESSAGE_END);
    CHECK(adk_message_matches(buffer, sizeof(buffer), sizeof(buffer), ADK_MESSAGE_END));
}

TEST(a_lost_or_repeated_message_is_noticed)
{
    uint8_t buffer[LENGTH] = { 0 };

    adk_message_write(buffer, LENGTH, SEQUENCE);
    CHECK(!adk_message_matches(buffer, LENGTH, LENGTH, SEQUENCE - 1));
    CHECK(!adk_message_matches(buffer, LENGTH, LENGTH, SEQUENCE + 1));
}

TEST(a_message_of_another_length_is_noticed)
{
    uint8_t buffer[LENGTH] = { 0 };

    adk_message_write(buffer, LENGTH, SEQUENCE);
    CHECK(!adk_message_matches(buffer, LENGTH - 1, LENGTH, SEQUENCE));
    CHECK(!adk_message_matches(buffer, 0, LENGTH, SEQUENCE));
}

TEST(a_whole_message_tells_its_number_and_a_damaged_one_does_not)
{
    uint8_t buffer[LENGTH] = { 0 };

    adk_message_write(buffer, LENGTH, SEQUENCE);
    CHECK_EQUAL(SEQUENCE, adk_message_sequence(buffer, LENGTH));
    buffer[LENGTH - 1] ^= 1;
    CHECK_EQUAL(INT64_MIN, adk_message_sequence(buffer, LENGTH));
}

TEST(a_damaged_end_is_noticed)
{
    uint8_t buffer[LENGTH] = { 0 };

    adk_message_write(buffer, LENGTH, SEQUENCE);
    buffer[LENGTH - 1] ^= 1;
    CHECK(!adk_message_matches(buffer, LENGTH, LENGTH, SEQUENCE));
}

TEST(of_a_filled_message_every_byte_is_read)
{
    uint8_t buffer[LENGTH] = { 0 };

    adk_message_fill(buffer, LENGTH, SEQUENCE);
    CHECK(adk_message_matches(buffer, LENGTH, LENGTH, SEQUENCE));
    CHECK_EQUAL(SEQUENCE, adk_message_filled_sequence(buffer, LENGTH));
    for (size_t i = 0; i < LENGTH; i++)
    {
        buffer[i] ^= 1;
        CHECK_EQUAL(INT64_MIN, adk_message_filled_sequence(buffer, LENGTH));
        buffer[i] ^= 1;
    }
}

TEST(the_shortest_message_has_nothing_to_fill)
{
    uint8_t buffer[ADK_MESSAGE_MIN_LENGTH];

    adk_message_fill(buffer, sizeof(buffer), SEQUENCE);
    CHECK_EQUAL(SEQUENCE, adk_message_filled_sequence(buffer, sizeof(buffer)));
}
