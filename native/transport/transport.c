/* Set-up and tear-down of one channel's transport; runs on the conductor. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "aeron_alloc.h"
#include "aeron_counters.h"
#include "port/steering.h"
#include "transport/addresses.h"
#include "transport/counters.h"
#include "transport/group.h"
#include "transport/kernel.h"

static void connect_to(
    adk_transport_t *state, aeron_udp_channel_transport_t *transport, struct sockaddr_storage *address)
{
    const struct sockaddr_in *peer = (const struct sockaddr_in *)address;
    transport->connected_address = address;
    if (aeron_is_addr_multicast(address))
    {
        return;
    }
    state->connected_ipv4_be = peer->sin_addr.s_addr;
    state->connected_port_be = peer->sin_port;
    state->is_plain = false;
}

/* Takes back what others see of a transport: its counter, the device's rule for its port, its sockets. */
static void hide(adk_transport_t *state)
{
    adk_counters_free(state->media->counters, state->counter_id);
    if (state->is_on_port && ADK_ROLE_SENDER == state->role && !adk_group_is_open(state))
    {
        adk_port_unsteer(&state->stack->port, state->port);
    }
    if (adk_kernel_has_sockets(state))
    {
        adk_kernel_close(state);
    }
}

/* The port went to another: Aeron has forgotten this transport, or is so slow that it will find out in poller_add. */
static void orphan(adk_transport_t *state)
{
    hide(state);
    state->is_orphan = true;
    state->next_orphan = state->media->orphans;
    state->media->orphans = state;
}

void adk_orphans_free(adk_media_t *media)
{
    while (NULL != media->orphans)
    {
        adk_transport_t *state = media->orphans;
        media->orphans = state->next_orphan;
        aeron_free(state);
    }
}

static int reserve_port(adk_transport_t *state, struct sockaddr_storage *bind_addr)
{
    const uint16_t wanted = rte_be_to_cpu_16(((struct sockaddr_in *)bind_addr)->sin_port);
    void *stale;

    const int port = adk_endpoints_reserve(&state->stack->endpoints, wanted, state, &stale);
    if (port < 0)
    {
        char local[INET_ADDRSTRLEN];
        adk_format_ipv4(local, sizeof(local), rte_be_to_cpu_32(state->stack->local.ipv4_be));
        AERON_SET_ERR(
            -port,
            -EADDRINUSE == port ? "%s:%u is in use by another channel of this driver"
                                : "%s:%u: no ephemeral UDP port is free",
            local,
            wanted);
        return -1;
    }
    if (NULL != stale)
    {
        orphan(stale);
    }
    state->port = (uint16_t)port;
    return 0;
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

/* On the port: a UDP port of it or a group, the peer, and who hears the frames first. */
static int open_on_port(
    adk_transport_t *state,
    struct sockaddr_storage *bind_addr,
    struct sockaddr_storage *multicast_if_addr,
    struct sockaddr_storage *connect_addr)
{
    aeron_udp_channel_transport_t *transport = state->transport;
    const bool is_group = aeron_is_addr_multicast(bind_addr);

    if (adk_check_mtu(state->stack, &state->params) < 0 ||
        (NULL != connect_addr && adk_check_peer_address(state->stack, connect_addr) < 0) ||
        (is_group ? adk_group_open(state, bind_addr, multicast_if_addr) < 0
                  : adk_check_bind_address(state->stack, bind_addr) < 0 || reserve_port(state, bind_addr) < 0))
    {
        return -1;
    }
    state->is_on_port = true;
    state->is_plain = !state->params.is_media_timestamping;
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
    const aeron_udp_channel_transport_params_t *params,
    aeron_udp_channel_transport_affinity_t affinity)
{
    adk_transport_t *state = NULL;

    if (NULL == params || 0 == params->mtu_length)
    {
        AERON_SET_ERR(EINVAL, "%s", "channel transport params: mtu_length must be greater than 0");
        return NULL;
    }
    if (aeron_alloc((void **)&state, sizeof(*state)) < 0)
    {
        AERON_APPEND_ERR("%s", "DPDK transport");
        return NULL;
    }
    state->transport = transport;
    state->media = media;
    state->stack = media->stack;
    state->role = AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER == affinity ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    state->lane = &media->stack->lanes[state->role];
    state->params = *params;
    state->socket_fds[0] = -1;
    state->socket_fds[1] = -1;
    state->group_slot = -1;
    return state;
}

/* What reserved a UDP port and is not to be. */
static void discard(adk_transport_t *state)
{
    if (state->is_on_port && adk_group_is_open(state))
    {
        adk_group_close(state);
    }
    else if (state->is_on_port)
    {
        adk_endpoints_release(&state->stack->endpoints, state->port, state);
    }
    state->transport->connected_address = NULL;
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
    adk_transport_t *state = make(transport, media, params, affinity);
    if (NULL == state)
    {
        return -1;
    }
    /* Of a unicast publication this is where it sends to (aeron_send_channel_endpoint.c). */
    struct sockaddr_storage *remote = ADK_ROLE_SENDER == state->role ? multicast_if_addr : NULL;
    const unsigned int media_bits = adk_kernel_media_of(
        media->stack, bind_addr, multicast_if_addr, NULL != connect_addr ? connect_addr : remote);

    state->is_wildcard = aeron_is_wildcard_addr(bind_addr);
    if ((0 != (media_bits & ADK_MEDIUM_PORT) && open_on_port(state, bind_addr, multicast_if_addr, connect_addr) < 0) ||
        (0 != (media_bits & ADK_MEDIUM_KERNEL) &&
         adk_kernel_open(state, bind_addr, multicast_if_addr, connect_addr) < 0))
    {
        discard(state);
        return -1;
    }
    transport->bindings_clientd = state;
    if (state->is_on_port && ADK_ROLE_SENDER == state->role && !adk_group_is_open(state))
    {
        adk_port_steer(&state->stack->port, state->port);
    }
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
    if (adk_check_peer_address(state->stack, connect_addr) < 0)
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
        hide(state);
        discard(state);
        transport->fd = -1;
        transport->recv_fd = -1;
    }
    return 0;
}

/* Aeron only hands it on to the poller, which needs none: one poll serves all transports. */
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
    /* The window of a stream that may come either way must fit both. */
    const bool is_sockets = adk_kernel_has_sockets(state) && (!state->is_on_port || socket_length < descriptors_length);
    *so_rcvbuf = is_sockets ? socket_length : descriptors_length;
    return 0;
}

int adk_transport_bind_addr_and_port(aeron_udp_channel_transport_t *transport, char *buffer, size_t length)
{
    const adk_transport_t *state = (const adk_transport_t *)transport->bindings_clientd;
    char local[INET_ADDRSTRLEN];

    if (!state->is_on_port)
    {
        return aeron_udp_channel_transport_bind_addr_and_port(transport, buffer, length);
    }
    adk_format_ipv4(local, sizeof(local), rte_be_to_cpu_32(state->stack->local.ipv4_be));
    const int written = snprintf(buffer, length, "%s:%u", local, state->port);
    if (written < 0 || (size_t)written >= length)
    {
        AERON_SET_ERR(EINVAL, "no room for the bound address in %" PRIu64 " bytes", (uint64_t)length);
        return -1;
    }
    return written;
}
