/* Hot path: from Aeron's iovecs to frames of IPv6. */
#include "transport/ipv6/send.h"

#include "transport/kernel.h"
#include "transport/way.h"

/* Linux's default for multicast datagrams (RFC 3493 §5.2). */
#define DEFAULT_MULTICAST_HOPS (1)

/* Knuth, The Art of Computer Programming 6.4; see transport/send.c. */
#define FIBONACCI_MULTIPLIER (UINT64_C(0x9e3779b97f4a7c15))
#define SLOT_SHIFT (64 - 4)

static_assert(1 << (64 - SLOT_SHIFT) == ADK_DESTINATIONS, "the hash's upper bits are the slot");

/* NULL for a peer that the port cannot reach. */
static adk_destination6_t *destination_of(adk_transport_t *state, const struct sockaddr_storage *peer)
{
    const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)peer;
    const adk_ipv6_t ipv6 = adk_ipv6_of(&address->sin6_addr);
    const uint64_t key = ipv6.words[0] ^ ipv6.words[1] ^ address->sin6_port;
    adk_destination6_t *destination = &state->destinations6[key * FIBONACCI_MULTIPLIER >> SLOT_SHIFT];

    if (__builtin_expect(adk_destination6_is(destination, ipv6, address->sin6_port), 1))
    {
        return destination;
    }
    if (adk_kernel_takes_peer(state->stack, peer))
    {
        return NULL;
    }
    adk_stack_t *stack = adk_way_to6(state, ipv6);
    adk_destination6_prepare(
        stack,
        destination,
        state->bound6,
        state->port,
        ipv6,
        address->sin6_port,
        0 == state->params.ttl ? DEFAULT_MULTICAST_HOPS : state->params.ttl);
    destination->lane = &stack->lanes[state->role];
    return destination;
}

int adk_send6(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent)
{
    adk_destination6_t *destination = destination_of(state, peer);
    if (NULL == destination)
    {
        return adk_kernel_send(state, peer, iov, iov_length, bytes_sent);
    }
    const int result = adk_tx6_send(
        destination->stack, destination->lane, destination, iov, (uint16_t)iov_length, bytes_sent);
    return result < 0 ? adk_transport_refuse(state, peer, -result) : result;
}
