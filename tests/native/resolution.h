/* Payload of a test frame as Aeron's name resolver sends it: one entry of IPv4, whose name fills the frame. */
#ifndef ADK_TESTS_RESOLUTION_H
#define ADK_TESTS_RESOLUTION_H

#include "protocol/aeron_udp_protocol.h"

/* With another name length than whole_name_length() the entry is not whole. */
static inline void write_resolution(uint8_t *payload, int16_t name_length)
{
    uint8_t *entry = payload + sizeof(aeron_frame_header_t);

    entry[offsetof(aeron_resolution_header_t, res_type)] = AERON_RES_HEADER_TYPE_NAME_TO_IP4_MD;
    memcpy(entry + offsetof(aeron_resolution_header_ipv4_t, name_length), &name_length, sizeof(name_length));
}

static inline int16_t whole_name_length(uint32_t payload_length)
{
    return (int16_t)(payload_length - sizeof(aeron_frame_header_t) - sizeof(aeron_resolution_header_ipv4_t));
}

#endif
