/* Hot path: from Aeron's iovecs to frames. */
#include <errno.h>

#include "transport/group.h"
#include "transport/kernel.h"
#include "transport/ipv6/send.h"
#include "transport/way.h"

static_assert(AERON_NETWORK_PUBLICATION_MAX_MESSAGES_PER_SEND <= ADK_SEND_BURST_MAX, "a send call fits one burst");

/*
 * Knuth, The Art of Computer Programming 6.4: 2^64 over the golden ratio spreads keys that differ in only a few bits.
 */
#define FIBONACCI_MULTIPLIER (UINT64_C(0x9e3779b97f4a7c15))
#define SLOT_SHIFT (64 - 4)

static_assert(1 << (64 - SLOT_SHIFT) == ADK_DESTINATIONS, "the hash's upper bits are the slot");

static __rte_noinline adk_destination_t *prepare(
    adk_transport_t *state, adk_destination_t *destination, const struct sockaddr_storage *peer)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)peer;

    if (!state->is_on_port || AF_INET != peer->ss_family || adk_kernel_takes_peer(state->stack, peer))
    {
        return NULL;
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(address->sin_addr.s_addr);
    adk_stack_t *stack = adk_way_to(state, ipv4);
    if (adk_is_group(ipv4))
    {
        adk_destination_prepare_group(stack, destination, state->port, ipv4, address->sin_port, adk_group_ttl(state));
    }
    else
    {
        adk_destination_prepare(stack, destination, state->port, ipv4, address->sin_port);
    }
    if (stack != state->stack && !state->is_on_all)
    {
        adk_destination_send_from(destination, rte_be_to_cpu_32(state->stack->local.ipv4_be));
    }
    destination->lane = &stack->lanes[state->role];
    return destination;
}

/* NULL for a peer that the port cannot reach. */
static inline adk_destination_t *destination_of(adk_transport_t *state, const struct sockaddr_storage *peer)
{
    const uint64_t key = adk_destination_key(peer);
    adk_destination_t *destination = &state->destinations[key * FIBONACCI_MULTIPLIER >> SLOT_SHIFT];

    return __builtin_expect(destination->key == key, 1) ? destination : prepare(state, destination, peer);
}

/* A mapped address is valid only on a socket of both families; no transport here connects to one. */
static __rte_noinline int send_mapped(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent)
{
    const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)peer;
    struct sockaddr_storage storage = { .ss_family = AF_INET };
    struct sockaddr_in *mapped = (struct sockaddr_in *)&storage;

    if (!adk_ipv6_is_unspecified(state->bound6) || NULL != state->transport->connected_address)
    {
        return adk_transport_refuse(state, peer, ENETUNREACH);
    }
    mapped->sin_port = address->sin6_port;
    memcpy(&mapped->sin_addr, &address->sin6_addr.s6_addr[12], sizeof(mapped->sin_addr));
    return adk_transport_send(NULL, state->transport, &storage, iov, iov_length, bytes_sent);
}

/* To a peer that IPv4 on the port cannot reach. */
static inline int send_otherwise(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent)
{
    if (!state->is_ipv6 || !state->is_on_port || AF_INET6 != peer->ss_family)
    {
        return adk_kernel_send(state, peer, iov, iov_length, bytes_sent);
    }
    return adk_ipv6_is_mapped(adk_ipv6_of(&((const struct sockaddr_in6 *)peer)->sin6_addr))
        ? send_mapped(state, peer, iov, iov_length, bytes_sent)
        : adk_send6(state, peer, iov, iov_length, bytes_sent);
}

int adk_transport_send(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage *address,
    struct iovec *iov,
    size_t iov_length,
    int64_t *bytes_sent)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    struct sockaddr_storage *peer = NULL != transport->connected_address ? transport->connected_address : address;
    adk_destination_t *destination = destination_of(state, peer);

    (void)data_paths;
    if (NULL == destination)
    {
        return send_otherwise(state, peer, iov, iov_length, bytes_sent);
    }

    const int result = adk_tx_send(
        destination->stack, destination->lane, destination, iov, (uint16_t)iov_length, bytes_sent);
    return __builtin_expect(result < 0, 0) ? adk_transport_refuse(state, peer, -result) : result;
}
