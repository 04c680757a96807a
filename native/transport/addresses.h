/* What a channel may ask of the port. Each check returns 0, or -1 with Aeron's error set. */
#ifndef ADK_TRANSPORT_ADDRESSES_H
#define ADK_TRANSPORT_ADDRESSES_H

#include "transport/media.h"

/* length: INET_ADDRSTRLEN; ipv4 in host byte order. */
void adk_format_ipv4(char *text, size_t length, uint32_t ipv4);

/*
 * length: INET6_ADDRSTRLEN. Formats the address that a transport is bound to; for one bound to no address, the
 * interface's, if it has one.
 */
void adk_format_local(char *text, size_t length, const adk_transport_t *state);

/* For a multicast channel, the address that is bound is its interface's. */
int adk_check_bind_address(const adk_stack_t *stack, struct sockaddr_storage *address);
int adk_check_peer_address(const adk_transport_t *state, struct sockaddr_storage *address);
/*
 * Checks the MTU of every link that the channel may use: its interface's, or the one towards its peer if it has one;
 * else all.
 */
int adk_check_mtu(const adk_transport_t *state, struct sockaddr_storage *peer);

#endif
