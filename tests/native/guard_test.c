/* What Aeron must not see: NAKs for what is not a frame, setups before the stream's first term, incomplete entries. */
#include "aeron_network_publication.h"
#include "bad_setup.h"
#include "media.h"
#include "suite.h"
#include "transport/guard.h"

#define TERM_LENGTH (AERON_LOGBUFFER_TERM_MIN_LENGTH)
#define SESSION_ID (7)
#define STREAM_ID (1001)
#define FIRST_TERM_ID (INT32_MAX) /* so that the second term's id wraps */
#define MESSAGE_LENGTH (256)

typedef struct publication_stct
{
    aeron_send_channel_endpoint_t endpoint;
    aeron_network_publication_t publication;
    aeron_mapped_raw_log_t log;
    int64_t sender_position;
    uint8_t *terms;
} publication_t;

static int32_t term_id_of(int64_t position)
{
    return (int32_t)((uint32_t)FIRST_TERM_ID + (uint32_t)(position / TERM_LENGTH));
}

/* Frames of MESSAGE_LENGTH from `from` to `to`, in which no byte of the payload is zero. */
static void write_messages(publication_t *all, int64_t from, int64_t to)
{
    for (int64_t position = from; position < to; position += MESSAGE_LENGTH)
    {
        uint8_t *at = all->terms + position % (AERON_LOGBUFFER_PARTITION_COUNT * TERM_LENGTH);
        const aeron_data_header_t header = {
            .frame_header = { .frame_length = MESSAGE_LENGTH, .type = AERON_HDR_TYPE_DATA },
            .term_offset = (int32_t)(position % TERM_LENGTH),
            .session_id = SESSION_ID,
            .stream_id = STREAM_ID,
            .term_id = term_id_of(position),
        };
        memset(at, 0x7f, MESSAGE_LENGTH);
        memcpy(at, &header, sizeof(header));
    }
}

static void open_publication(publication_t *all, int64_t sender_position)
{
    const size_t terms_length = AERON_LOGBUFFER_PARTITION_COUNT * TERM_LENGTH;

    *all = (publication_t){ .sender_position = sender_position, .terms = calloc(1, terms_length) };
    CHECK(NULL != all->terms);
    for (int i = 0; i < AERON_LOGBUFFER_PARTITION_COUNT; i++)
    {
        all->log.term_buffers[i].addr = all->terms + (size_t)i * TERM_LENGTH;
        all->log.term_buffers[i].length = TERM_LENGTH;
    }
    all->publication.mapped_raw_log = &all->log;
    all->publication.snd_pos_position.value_addr = &all->sender_position;
    all->publication.session_id = SESSION_ID;
    all->publication.stream_id = STREAM_ID;
    all->publication.initial_term_id = FIRST_TERM_ID;
    all->publication.term_length_mask = TERM_LENGTH - 1;
    all->publication.position_bits_to_shift = (size_t)__builtin_ctz(TERM_LENGTH);
    CHECK_EQUAL(
        0, aeron_int64_to_ptr_hash_map_init(&all->endpoint.publication_dispatch_map, 8, AERON_MAP_DEFAULT_LOAD_FACTOR));
    CHECK_EQUAL(
        0,
        aeron_int64_to_ptr_hash_map_put(
            &all->endpoint.publication_dispatch_map, aeron_map_compound_key(STREAM_ID, SESSION_ID), &all->publication));
    write_messages(all, sender_position > TERM_LENGTH ? sender_position - TERM_LENGTH : 0, sender_position);
}

static void close_publication(publication_t *all)
{
    aeron_int64_to_ptr_hash_map_delete(&all->endpoint.publication_dispatch_map);
    free(all->terms);
}

static bool is_answerable(const publication_t *all, int32_t term_id, int32_t term_offset)
{
    const aeron_nak_header_t nak = {
        .frame_header = { .frame_length = sizeof(nak), .type = AERON_HDR_TYPE_NAK },
        .session_id = SESSION_ID,
        .stream_id = STREAM_ID,
        .term_id = term_id,
        .term_offset = term_offset,
        .length = 1408,
    };
    return adk_nak_is_answerable(&all->endpoint, (const uint8_t *)&nak, sizeof(nak));
}

TEST(a_nak_for_any_frame_that_was_sent_is_answered)
{
    publication_t all;
    const int64_t sent = 2 * TERM_LENGTH + 4 * MESSAGE_LENGTH;

    open_publication(&all, sent);
    for (int64_t position = sent - TERM_LENGTH; position < sent; position += MESSAGE_LENGTH)
    {
        CHECK(is_answerable(&all, term_id_of(position), (int32_t)(position % TERM_LENGTH)));
    }
    close_publication(&all);
}

TEST(a_nak_for_the_middle_of_a_message_is_not)
{
    publication_t all;

    open_publication(&all, TERM_LENGTH / 2);
    for (int32_t offset = 1; offset < MESSAGE_LENGTH; offset++)
    {
        CHECK(!is_answerable(&all, FIRST_TERM_ID, MESSAGE_LENGTH + offset));
    }
    close_publication(&all);
}

TEST(a_nak_for_a_term_before_the_first_or_outside_of_a_term_is_not)
{
    publication_t all;

    open_publication(&all, TERM_LENGTH / 2);
    CHECK(!is_answerable(&all, FIRST_TERM_ID - 1, 0));
    CHECK(!is_answerable(&all, FIRST_TERM_ID - 1, TERM_LENGTH - MESSAGE_LENGTH));
    CHECK(!is_answerable(&all, FIRST_TERM_ID, -MESSAGE_LENGTH));
    CHECK(!is_answerable(&all, FIRST_TERM_ID, INT32_MIN));
    CHECK(!is_answerable(&all, FIRST_TERM_ID, TERM_LENGTH));
    CHECK(!is_answerable(&all, FIRST_TERM_ID, INT32_MAX & ~31));
    close_publication(&all);
}

TEST(a_nak_for_what_was_not_sent_yet_is_not)
{
    publication_t all;

    open_publication(&all, TERM_LENGTH / 2);
    write_messages(&all, TERM_LENGTH / 2, TERM_LENGTH);
    CHECK(!is_answerable(&all, FIRST_TERM_ID, TERM_LENGTH / 2));
    CHECK(!is_answerable(&all, term_id_of(TERM_LENGTH), 0));
    close_publication(&all);
}

/* Aeron itself ignores a NAK that late, and the sender may be honest. */
TEST(a_nak_that_comes_a_term_too_late_is_left_to_aeron)
{
    publication_t all;

    open_publication(&all, 5 * TERM_LENGTH);
    CHECK(is_answerable(&all, term_id_of(2 * TERM_LENGTH), MESSAGE_LENGTH / 2));
    close_publication(&all);
}

TEST(a_nak_for_another_stream_and_what_is_no_whole_nak_are_left_to_aeron)
{
    publication_t all;
    aeron_nak_header_t nak = { .frame_header = { .type = AERON_HDR_TYPE_NAK }, .session_id = SESSION_ID + 1 };

    open_publication(&all, TERM_LENGTH / 2);
    CHECK(adk_nak_is_answerable(&all.endpoint, (const uint8_t *)&nak, sizeof(nak)));
    nak.session_id = SESSION_ID;
    CHECK(adk_nak_is_answerable(&all.endpoint, (const uint8_t *)&nak, sizeof(nak) - 1));
    nak.frame_header.type = AERON_HDR_TYPE_SM;
    CHECK(adk_nak_is_answerable(&all.endpoint, (const uint8_t *)&nak, sizeof(nak)));
    close_publication(&all);
}

static bool is_setup_in_order(int32_t initial_term_id, int32_t active_term_id)
{
    const aeron_setup_header_t setup = {
        .frame_header = { .frame_length = sizeof(setup), .type = AERON_HDR_TYPE_SETUP },
        .initial_term_id = initial_term_id,
        .active_term_id = active_term_id,
    };
    return adk_setup_is_in_order((const uint8_t *)&setup, sizeof(setup));
}

TEST(a_setup_in_the_first_term_or_a_later_one_is_taken_and_before_it_is_not)
{
    CHECK(is_setup_in_order(5, 5));
    CHECK(is_setup_in_order(5, 6));
    CHECK(is_setup_in_order(INT32_MAX, INT32_MIN));
    CHECK(!is_setup_in_order(5, 4));
    CHECK(!is_setup_in_order(INT32_MIN, INT32_MAX));
    CHECK(!is_setup_in_order(0, INT32_MIN));
}

/* An IPv4 entry at 8, an IPv6 entry at 32. */
static const uint8_t TWO_ENTRIES[] = {
    0,   0,   0,   0,   0, 0, 7, 0, 1, 0x80, 0x72, 0x1f, 0,    0,    0,   0,   10,  0,   0,   1,   4, 0,
    'l', 'e', 'f', 't', 0, 0, 0, 0, 0, 0,    2,    0,    0x72, 0x1f, 0,   0,   0,   0,   0,   0,   0, 0,
    0,   0,   0,   0,   0, 0, 0, 0, 0, 0,    0,    1,    6,    0,    'r', 'i', 'g', 'h', 't', '!',
};
#define AT_FIRST_NAME_LENGTH (20)
#define AT_SECOND_NAME_LENGTH (56)

static_assert(64 == sizeof(TWO_ENTRIES), "a header and both entries with their padding");

TEST(entries_that_end_before_the_frame_does_are_whole)
{
    CHECK(adk_resolution_is_whole(TWO_ENTRIES, sizeof(TWO_ENTRIES)));
    CHECK(adk_resolution_is_whole(TWO_ENTRIES, 32));
    for (size_t length = 16; length < sizeof(TWO_ENTRIES); length++)
    {
        /* Aeron itself refuses a remainder shorter than the start of an entry. */
        CHECK((32 <= length && length < 40) == adk_resolution_is_whole(TWO_ENTRIES, length));
    }
}

static bool is_whole_with(size_t at, int name_length)
{
    uint8_t frame[sizeof(TWO_ENTRIES)];
    const int16_t value = (int16_t)name_length;

    memcpy(frame, TWO_ENTRIES, sizeof(frame));
    memcpy(frame + at, &value, sizeof(value));
    return adk_resolution_is_whole(frame, sizeof(frame));
}

TEST(a_name_longer_than_the_frame_or_of_negative_length_is_not_whole)
{
    for (int length = INT16_MIN; length < 0; length++)
    {
        CHECK(!is_whole_with(AT_FIRST_NAME_LENGTH, length));
        CHECK(!is_whole_with(AT_SECOND_NAME_LENGTH, length));
    }
    CHECK(is_whole_with(AT_SECOND_NAME_LENGTH, 0));
    CHECK(!is_whole_with(AT_SECOND_NAME_LENGTH, 7));
    CHECK(!is_whole_with(AT_FIRST_NAME_LENGTH, sizeof(TWO_ENTRIES)));
    CHECK(!is_whole_with(AT_FIRST_NAME_LENGTH, INT16_MAX));
}

TEST(a_refused_frame_reaches_aeron_as_a_datagram_of_no_bytes_and_data_as_it_came)
{
    test_media_t *test = media_open();
    aeron_udp_channel_transport_t transport = { 0 };
    frame_t frame = frame_of(sizeof(BAD_SETUP));

    memcpy(frame.bytes + AT_PAYLOAD, &BAD_SETUP, sizeof(BAD_SETUP));
    seal(&frame);
    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    ring_port_put(&test->port, &frame);
    frame.bytes[AT_PAYLOAD + offsetof(aeron_frame_header_t, type)] = AERON_HDR_TYPE_DATA;
    seal(&frame);
    ring_port_put(&test->port, &frame);
    CHECK_EQUAL(2, media_poll(test, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(2, test->deliveries->count);
    CHECK_EQUAL(0, test->deliveries->list[0].length);
    CHECK_EQUAL(sizeof(BAD_SETUP), test->deliveries->list[1].length);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
}
