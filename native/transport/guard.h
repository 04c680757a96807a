/*
 * Checks that come before Aeron's receive functions, for frames that are intact as datagrams but whose contents would
 * lead Aeron's code beyond its buffers. Only rare kinds are checked: NAKs, setups and the name resolver's entries.
 */
#ifndef ADK_TRANSPORT_GUARD_H
#define ADK_TRANSPORT_GUARD_H

#include "media/aeron_send_channel_endpoint.h"
#include "protocol/aeron_udp_protocol.h"
#include "transport/view.h"

/*
 * Whether Aeron may answer: false for a NAK whose offset is not the start of a frame. Aeron would take the bytes there
 * for a frame header, and send as many bytes as it says (aeron_network_publication_resend()). Sender thread.
 */
bool adk_nak_is_answerable(const aeron_send_channel_endpoint_t *endpoint, const uint8_t *frame, size_t length);

/*
 * False for the setup of a stream whose current term precedes its initial term: the image would be placed before its
 * log buffer (aeron_publication_image_create()).
 */
bool adk_setup_is_in_order(const uint8_t *frame, size_t length);

/*
 * False when an entry's name reaches beyond the frame or has a negative length, neither of which Aeron's resolver
 * checks (aeron_driver_name_resolver_receive()).
 */
bool adk_resolution_is_whole(const uint8_t *frame, size_t length);

/* length, or 0 if Aeron must not see the frame: it counts an empty datagram as invalid. */
size_t adk_guarded_length(const adk_transport_t *owner, const uint8_t *frame, size_t length);

static_assert(AERON_HDR_TYPE_PAD < ADK_PLAIN_TYPES && ADK_PLAIN_TYPES == AERON_HDR_TYPE_DATA + 1, "PAD and DATA");

/* The type field, whatever is there: a datagram without a whole header is refused because of its length. */
static inline uint16_t adk_aeron_type(view_t view)
{
    uint16_t type;
    memcpy(&type, view.bytes + view.payload_offset + offsetof(aeron_frame_header_t, type), sizeof(type));
    return rte_le_to_cpu_16(type);
}

static inline view_t adk_guarded(const adk_transport_t *owner, view_t view)
{
    view.payload_length = (uint32_t)adk_guarded_length(owner, view.bytes + view.payload_offset, view.payload_length);
    return view;
}

/* Replaces the name resolver's receive function on the kernel's sockets. */
void adk_guarded_resolver_receive(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *resolver_clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *address,
    struct timespec *media_timestamp);

#endif
