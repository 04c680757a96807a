#include "transport/guard.h"

#include "aeron_network_publication.h"
#include "concurrent/aeron_logbuffer_descriptor.h"

/* Aeron counts an empty datagram as invalid. */
#define LENGTH_OF_A_REFUSED_FRAME (0)

/* Every frame in a term buffer states its own stream and position; bytes in the middle of a message do not. */
static bool is_a_frames_start(
    const aeron_network_publication_t *publication, const aeron_nak_header_t *nak, size_t index)
{
    const uint8_t *term = publication->mapped_raw_log->term_buffers[index].addr;
    const aeron_data_header_t *header = (const aeron_data_header_t *)(term + nak->term_offset);

    return header->term_offset == nak->term_offset &&
        header->term_id == nak->term_id &&
        header->session_id == publication->session_id &&
        header->stream_id == publication->stream_id;
}

static bool may_resend(const aeron_network_publication_t *publication, const aeron_nak_header_t *nak)
{
    const int32_t term_length = publication->term_length_mask + 1;

    /* Before the first term there is no buffer; Aeron would look for one near the start of a stream. */
    if (aeron_sub_wrap_i32(nak->term_id, publication->initial_term_id) < 0 ||
        nak->term_offset < 0 ||
        nak->term_offset > term_length - (int32_t)AERON_DATA_HEADER_LENGTH ||
        0 != nak->term_offset % AERON_FRAME_ALIGNMENT)
    {
        return false;
    }
    const int64_t position = aeron_logbuffer_compute_position(
        nak->term_id, nak->term_offset, publication->position_bits_to_shift, publication->initial_term_id);
    const int64_t sender_position = aeron_counter_get_plain(publication->snd_pos_position.value_addr);
    /* Aeron does not resend anything older than this, now or later; the next term is being cleaned there. */
    if (position < sender_position - term_length)
    {
        return true;
    }
    /* Nothing unsent can be missing; a NAK that waits out its delay would be answered after the data was sent. */
    return position < sender_position &&
        is_a_frames_start(
               publication, nak, aeron_logbuffer_index_by_position(position, publication->position_bits_to_shift));
}

bool adk_nak_is_answerable(const aeron_send_channel_endpoint_t *endpoint, const uint8_t *frame, size_t length)
{
    aeron_nak_header_t nak;

    if (length < sizeof(nak))
    {
        return true;
    }
    memcpy(&nak, frame, sizeof(nak)); /* it may be unaligned */
    if (AERON_HDR_TYPE_NAK != nak.frame_header.type)
    {
        return true;
    }
    const aeron_network_publication_t *publication = aeron_int64_to_ptr_hash_map_get(
        (aeron_int64_to_ptr_hash_map_t *)&endpoint->publication_dispatch_map,
        aeron_map_compound_key(nak.stream_id, nak.session_id));
    return NULL == publication || may_resend(publication, &nak);
}

bool adk_setup_is_in_order(const uint8_t *frame, size_t length)
{
    aeron_setup_header_t setup;

    if (length < sizeof(setup))
    {
        return true;
    }
    memcpy(&setup, frame, sizeof(setup));
    return AERON_HDR_TYPE_SETUP != setup.frame_header.type ||
        aeron_sub_wrap_i32(setup.active_term_id, setup.initial_term_id) >= 0;
}

/* Length of an entry with its padding; 0 if it is incomplete. */
static size_t entry_length(const uint8_t *entry, size_t remaining)
{
    const bool is_ipv6 = AERON_RES_HEADER_TYPE_NAME_TO_IP6_MD == entry[offsetof(aeron_resolution_header_t, res_type)];
    const size_t fixed_length = is_ipv6 ? sizeof(aeron_resolution_header_ipv6_t)
                                        : sizeof(aeron_resolution_header_ipv4_t);
    int16_t name_length;

    if (remaining < fixed_length)
    {
        return 0;
    }
    memcpy(&name_length, entry + fixed_length - sizeof(name_length), sizeof(name_length));
    if (name_length < 0)
    {
        return 0;
    }
    const size_t length = AERON_ALIGN(fixed_length + (size_t)name_length, sizeof(int64_t));
    return length <= remaining ? length : 0;
}

bool adk_resolution_is_whole(const uint8_t *frame, size_t length)
{
    size_t offset = sizeof(aeron_frame_header_t);

    /* Aeron itself refuses a remainder that is shorter than any entry. */
    while (offset + sizeof(aeron_resolution_header_t) <= length)
    {
        const size_t taken = entry_length(frame + offset, length - offset);
        if (0 == taken)
        {
            return false;
        }
        offset += taken;
    }
    return true;
}

static bool is_good(const adk_transport_t *owner, const uint8_t *frame, size_t length)
{
    if (NULL != owner->heard[ADK_ROLE_RECEIVER])
    {
        return adk_resolution_is_whole(frame, length);
    }
    return ADK_ROLE_SENDER == owner->role ? adk_nak_is_answerable(owner->transport->dispatch_clientd, frame, length)
                                          : adk_setup_is_in_order(frame, length);
}

size_t adk_guarded_length(const adk_transport_t *owner, const uint8_t *frame, size_t length)
{
    return is_good(owner, frame, length) ? length : LENGTH_OF_A_REFUSED_FRAME;
}

void adk_guarded_resolver_receive(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *resolver_clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *address,
    struct timespec *media_timestamp)
{
    data_paths->recv_func(
        data_paths,
        transport,
        resolver_clientd,
        endpoint_clientd,
        destination_clientd,
        buffer,
        adk_resolution_is_whole(buffer, length) ? length : LENGTH_OF_A_REFUSED_FRAME,
        address,
        media_timestamp);
}
