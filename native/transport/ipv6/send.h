/* The sending side of an IPv6 transport. */
#ifndef ADK_TRANSPORT_IPV6_SEND_H
#define ADK_TRANSPORT_IPV6_SEND_H

#include "transport/media.h"

/*
 * As adk_transport_send(), for a transport with is_ipv6 on the port, to an IPv6 peer whose address is not a mapped one.
 */
__rte_noinline int adk_send6(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent);

#endif
