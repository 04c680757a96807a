/* A frame of Aeron's that must not reach it: the setup of a stream in a term before its first. See transport/guard.h */
#ifndef ADK_TESTS_BAD_SETUP_H
#define ADK_TESTS_BAD_SETUP_H

#include "protocol/aeron_udp_protocol.h"

static const aeron_setup_header_t BAD_SETUP = {
    .frame_header = { .frame_length = sizeof(aeron_setup_header_t), .type = AERON_HDR_TYPE_SETUP },
    .initial_term_id = 5,
    .active_term_id = 4,
};

#endif
