/* Set-up and tear-down of one channel's transport; runs on the conductor. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "aeron_alloc.h"
#include "aeron_counters.h"
#include "stack/interfaces.h"
#include "transport/addresses.h"
#include "transport/counters.h"
#include "transport/group.h"
#include "transport/ipv6/group.h"
#include "transport/kernel.h"
#include "transport/ports.h"
#include "transport/way.h"

static void connect_to(
    adk_transport_t *state, aeron_udp_channel_transport_t *transport, struct sockaddr_storage *address)
{
    const struct sockaddr_in *peer = (const struct sockaddr_in *)address;
    transport->connected_address = address;
    if (aeron_is_addr_multicast(address))
    {
        return;
    }
    if (AF_INET6 == address->ss_family)
    {
        state->connected6 = adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
        state->connected_port_be = ((const struct sockaddr_in6 *)address)->sin6_port;
        return;
    }
    state->connected_ipv4_be = peer->sin_addr.s_addr;
    state->connected_port_be = peer->sin_port;
    state->plain_types = 0;
}

/*
 * Whether we may choose the UDP port: nobody else has chosen it, the channel sends to one peer, and we know which queue
 * the device brings that peer's answers to. A channel with several peers has no single address
 * (aeron_udp_channel_parse()), or a group.
 */
static bool may_choose(const adk_transport_t *state, uint16_t wanted, const struct sockaddr_storage *peer)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)peer;
    return 0 == wanted &&
        ADK_ROLE_SENDER == state->role &&
        NULL != state->stack->port.rss &&
        NULL != peer &&
        AF_INET == peer->ss_family &&
        0 != address->sin_addr.s_addr &&
        0 != address->sin_port &&
        !aeron_is_addr_multicast((struct sockaddr_storage *)peer);
}

static void reset(aeron_udp_channel_transport_t *transport, aeron_driver_context_t *context)
{
    transport->fd = -1;
    transport->recv_fd = -1;
    transport->connected_address = NULL;
    transport->bindings_clientd = NULL;
    transport->timestamp_flags = AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP_NONE;
    transport->error_log = context->error_log;
    transport->errors_counter = aeron_system_counter_addr(context->system_counters, AERON_SYSTEM_COUNTER_ERRORS);
    for (size_t i = 0; i < AERON_UDP_CHANNEL_TRANSPORT_MAX_INTERCEPTORS; i++)
    {
        transport->interceptor_clientds[i] = NULL;
    }
}

static int open_group(adk_transport_t *state, struct sockaddr_storage *group, struct sockaddr_storage *interface_addr)
{
    return state->is_ipv6 && NULL != state->stack->ipv6 ? adk_group6_open(state, group, interface_addr)
                                                        : adk_group_open(state, group, interface_addr);
}

/* peer: where the transport sends to; NULL if unknown */
static int reserve_port(
    adk_transport_t *state, const struct sockaddr_storage *bind_addr, const struct sockaddr_storage *peer)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)peer;
    const uint16_t wanted = rte_be_to_cpu_16(((const struct sockaddr_in *)bind_addr)->sin_port);

    if (state->is_ipv6)
    {
        state->bound6 = adk_ipv6_of(&((const struct sockaddr_in6 *)bind_addr)->sin6_addr);
    }
    if (state->is_ipv6 || !may_choose(state, wanted, peer))
    {
        return adk_ports_reserve(state, wanted, NULL);
    }
    const adk_answers_t answers = {
        .rss = state->stack->port.rss,
        .peer_ipv4 = rte_be_to_cpu_32(address->sin_addr.s_addr),
        .local_ipv4 = rte_be_to_cpu_32(state->stack->local.ipv4_be),
        .peer_port = rte_be_to_cpu_16(address->sin_port),
    };
    return adk_ports_reserve(state, wanted, &answers);
}

/*
 * For a unicast publication, the address by which others join a group is the one it sends to
 * (aeron_send_channel_endpoint.c).
 */
static struct sockaddr_storage *remote_of(
    const adk_transport_t *state, struct sockaddr_storage *multicast_if_addr, struct sockaddr_storage *connect_addr)
{
    return NULL != connect_addr ? connect_addr : ADK_ROLE_SENDER == state->role ? multicast_if_addr : NULL;
}

/* On the port: reserves a UDP port or joins a group, and sets the peer and the thread that sees its frames first. */
static int open_on_port(
    adk_transport_t *state,
    struct sockaddr_storage *bind_addr,
    struct sockaddr_storage *multicast_if_addr,
    struct sockaddr_storage *connect_addr)
{
    aeron_udp_channel_transport_t *transport = state->transport;
    const bool is_group = aeron_is_addr_multicast(bind_addr);
    struct sockaddr_storage *peer = remote_of(state, multicast_if_addr, connect_addr);

    if (adk_check_mtu(state, peer) < 0 ||
        (NULL != connect_addr && adk_check_peer_address(state, connect_addr) < 0) ||
        (is_group ? open_group(state, bind_addr, multicast_if_addr) < 0
                  : adk_check_bind_address(state->stack, bind_addr) < 0 || reserve_port(state, bind_addr, peer) < 0))
    {
        return -1;
    }
    state->is_on_port = true;
    state->plain_types = state->params.is_media_timestamping || state->is_ipv6 ? 0 : ADK_PLAIN_TYPES;
    state->plain_types6 = state->params.is_media_timestamping ? 0 : ADK_PLAIN_TYPES;
    if (NULL != connect_addr)
    {
        connect_to(state, transport, connect_addr);
    }
    if (state->params.is_media_timestamping)
    {
        transport->timestamp_flags = AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP;
    }
    return 0;
}

/* A host whose kernel has no IPv6 has no ::1 either, so a channel of the port cannot also hear there. */
static int open_on_kernel(
    adk_transport_t *state,
    struct sockaddr_storage *bind_addr,
    struct sockaddr_storage *multicast_if_addr,
    struct sockaddr_storage *connect_addr)
{
    if (0 == adk_kernel_open(state, bind_addr, multicast_if_addr, connect_addr))
    {
        return 0;
    }
    const int code = aeron_errcode();
    if (!state->is_on_port || !state->is_ipv6 || (EADDRNOTAVAIL != code && EAFNOSUPPORT != code))
    {
        return -1;
    }
    aeron_err_clear();
    return 0;
}

static void show(adk_transport_t *state)
{
    char address[AERON_NETUTIL_FORMATTED_MAX_LENGTH];

    if (adk_transport_bind_addr_and_port(state->transport, address, sizeof(address)) < 0)
    {
        aeron_err_clear();
        address[0] = '\0';
    }
    state->counter_id = adk_counters_allocate(
        state->media->counters,
        AERON_COUNTER_DPDK_TRANSPORT_TYPE_ID,
        "dpdk-transport: %s %s, polled by 1 the port, 2 the kernel, 3 both",
        ADK_ROLE_SENDER == state->role ? "sender" : "receiver",
        address);
}

static adk_transport_t *make(
    aeron_udp_channel_transport_t *transport,
    adk_media_t *media,
    bool is_ipv6,
    const aeron_udp_channel_transport_params_t *params,
    aeron_udp_channel_transport_affinity_t affinity)
{
    adk_transport_t *state = NULL;

    if (NULL == params || 0 == params->mtu_length)
    {
        AERON_SET_ERR(EINVAL, "%s", "channel transport params: mtu_length must be greater than 0");
        return NULL;
    }
    if (aeron_alloc((void **)&state, sizeof(*state)) < 0 ||
        (is_ipv6 && aeron_alloc((void **)&state->destinations6, ADK_DESTINATIONS * sizeof(adk_destination6_t)) < 0))
    {
        aeron_free(state);
        AERON_APPEND_ERR("%s", "DPDK transport");
        return NULL;
    }
    state->is_ipv6 = is_ipv6;
    state->transport = transport;
    state->media = media;
    state->role = AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER == affinity ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    state->params = *params;
    state->socket_fds[0] = -1;
    state->socket_fds[1] = -1;
    state->group_slot = -1;
    return state;
}

/* Discards a transport whose UDP port is reserved but that failed to open. */
static void discard(adk_transport_t *state)
{
    if (state->is_on_port && adk_group_is_open(state))
    {
        if (state->is_ipv6)
        {
            adk_group6_close(state);
        }
        else
        {
            adk_group_close(state);
        }
    }
    else if (state->is_on_port)
    {
        adk_ports_release(state);
    }
    state->transport->connected_address = NULL;
    aeron_free(state->destinations6);
    aeron_free(state);
}

int adk_transport_init(
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage *bind_addr,
    struct sockaddr_storage *multicast_if_addr,
    struct sockaddr_storage *connect_addr,
    aeron_udp_channel_transport_params_t *params,
    aeron_driver_context_t *context,
    aeron_udp_channel_transport_affinity_t affinity)
{
    adk_media_t *media = adk_media_of(context);

    reset(transport, context);
    adk_transport_t *state = make(transport, media, AF_INET6 == bind_addr->ss_family, params, affinity);
    if (NULL == state)
    {
        return -1;
    }
    struct sockaddr_storage *remote = remote_of(state, multicast_if_addr, connect_addr);
    const unsigned int media_bits = adk_kernel_media_of(media->stack, bind_addr, multicast_if_addr, remote);

    state->stack = adk_way_home(media, bind_addr, multicast_if_addr, remote);
    state->is_wildcard = aeron_is_wildcard_addr(bind_addr);
    state->is_on_all = state->is_wildcard && adk_interfaces_are_several(media->stack);
    if ((0 != (media_bits & ADK_MEDIUM_PORT) && open_on_port(state, bind_addr, multicast_if_addr, connect_addr) < 0) ||
        (0 != (media_bits & ADK_MEDIUM_KERNEL) &&
         open_on_kernel(state, bind_addr, multicast_if_addr, connect_addr) < 0))
    {
        discard(state);
        return -1;
    }
    transport->bindings_clientd = state;
    adk_ports_steer(state);
    show(state);
    return 0;
}

int adk_transport_reconnect(aeron_udp_channel_transport_t *transport, struct sockaddr_storage *connect_addr)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    if (NULL == transport->connected_address)
    {
        return 0;
    }
    if (!state->is_on_port)
    {
        return aeron_udp_channel_transport_reconnect(transport, connect_addr);
    }
    if (adk_check_peer_address(state, connect_addr) < 0)
    {
        return -1;
    }
    connect_to(state, transport, connect_addr);
    return 0;
}

int adk_transport_close(aeron_udp_channel_transport_t *transport)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    transport->bindings_clientd = NULL;
    if (NULL != state && !state->is_orphan)
    {
        adk_transport_hide(state);
        discard(state);
        transport->fd = -1;
        transport->recv_fd = -1;
    }
    return 0;
}

/* Aeron only passes it on to the poller, which does not need it: one poll serves all transports. */
int adk_transport_recvmmsg(
    aeron_udp_channel_transport_t *transport,
    struct mmsghdr *msgvec,
    size_t vlen,
    int64_t *bytes_rcved,
    aeron_udp_transport_recv_func_t recv_func,
    void *clientd)
{
    (void)transport;
    (void)msgvec;
    (void)vlen;
    (void)bytes_rcved;
    (void)recv_func;
    (void)clientd;
    return 0;
}

int adk_transport_get_so_rcvbuf(aeron_udp_channel_transport_t *transport, size_t *so_rcvbuf)
{
    const adk_transport_t *state = (const adk_transport_t *)transport->bindings_clientd;
    const adk_port_t *port = &state->stack->port;
    const size_t descriptors_length = (size_t)port->rx_queue_size * port->mtu;
    size_t socket_length = 0;

    if (adk_kernel_has_sockets(state) && aeron_udp_channel_transport_get_so_rcvbuf(transport, &socket_length) < 0)
    {
        return -1;
    }
    /* The window of a stream that may arrive on either medium must fit both. */
    const bool is_sockets = adk_kernel_has_sockets(state) && (!state->is_on_port || socket_length < descriptors_length);
    *so_rcvbuf = is_sockets ? socket_length : descriptors_length;
    return 0;
}

int adk_transport_bind_addr_and_port(aeron_udp_channel_transport_t *transport, char *buffer, size_t length)
{
    const adk_transport_t *state = (const adk_transport_t *)transport->bindings_clientd;
    char local[INET6_ADDRSTRLEN];

    if (!state->is_on_port)
    {
        return aeron_udp_channel_transport_bind_addr_and_port(transport, buffer, length);
    }
    adk_format_local(local, sizeof(local), state);
    const int written = snprintf(buffer, length, state->is_ipv6 ? "[%s]:%u" : "%s:%u", local, state->port);
    if (written < 0 || (size_t)written >= length)
    {
        AERON_SET_ERR(EINVAL, "no room for the bound address in %" PRIu64 " bytes", (uint64_t)length);
        return -1;
    }
    return written;
}
