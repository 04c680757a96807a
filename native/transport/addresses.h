/* What a channel may ask of the port. Each check returns 0, or -1 with Aeron's error set. */
#ifndef ADK_TRANSPORT_ADDRESSES_H
#define ADK_TRANSPORT_ADDRESSES_H

#include "transport/media.h"

/* length: INET_ADDRSTRLEN; ipv4 in host byte order. */
void adk_format_ipv4(char *text, size_t length, uint32_t ipv4);

/* length: INET6_ADDRSTRLEN; the address that a transport is bound to. Of one bound to none the interface's, if it has one. */
void adk_format_local(char *text, size_t length, const adk_transport_t *state);

/* Of a multicast channel it is the address of its interface that is bound. */
int adk_check_bind_address(const adk_stack_t *stack, struct sockaddr_storage *address);
int adk_check_peer_address(const adk_transport_t *state, struct sockaddr_storage *address);
/* Of the links that it may leave by: that of its interface, or to its peer where it has one; else of all interfaces. */
int adk_check_mtu(const adk_transport_t *state, struct sockaddr_storage *peer);

#endif
