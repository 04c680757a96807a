/* Hot path: from Aeron's iovecs to frames. */
#include "transport/media.h"

static_assert(AERON_NETWORK_PUBLICATION_MAX_MESSAGES_PER_SEND <= ADK_SEND_BURST_MAX, "a send call fits one burst");

static inline adk_destination_t *destination_of(adk_transport_t *state, const struct sockaddr_in *address)
{
    const uint32_t ipv4 = rte_be_to_cpu_32(address->sin_addr.s_addr);
    const uint32_t slot = (ipv4 ^ (ipv4 >> 8) ^ rte_be_to_cpu_16(address->sin_port)) & (ADK_DESTINATIONS - 1);
    adk_destination_t *destination = &state->destinations[slot];

    if (destination->ipv4 != ipv4 || destination->port_be != address->sin_port || !destination->is_prepared)
    {
        adk_destination_prepare(state->stack, destination, state->port, ipv4, address->sin_port);
    }
    return destination;
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

    (void)data_paths;
    if (AF_INET != peer->ss_family)
    {
        return adk_transport_refuse(state, peer, EAFNOSUPPORT);
    }

    const int result = adk_tx_send(
        state->stack,
        state->lane,
        destination_of(state, (const struct sockaddr_in *)peer),
        iov,
        (uint16_t)iov_length,
        bytes_sent);
    return result < 0 ? adk_transport_refuse(state, peer, -result) : result;
}
