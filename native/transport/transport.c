/* Set-up and tear-down of one channel's transport; runs on the conductor. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "aeron_alloc.h"
#include "aeron_counters.h"
#include "port/steering.h"
#include "transport/counters.h"

static void format_ipv4(char *text, size_t length, uint32_t ipv4)
{
    (void)snprintf(text, length, "%u.%u.%u.%u", ipv4 >> 24, ipv4 >> 16 & 255, ipv4 >> 8 & 255, ipv4 & 255);
}

static int refuse_address(const adk_stack_t *stack, struct sockaddr_storage *address, int code, const char *reason)
{
    char text[AERON_NETUTIL_FORMATTED_MAX_LENGTH] = { 0 };
    char local[INET_ADDRSTRLEN];

    (void)aeron_format_source_identity(text, sizeof(text), address);
    format_ipv4(local, sizeof(local), rte_be_to_cpu_32(stack->local.ipv4_be));
    AERON_SET_ERR(
        code,
        "%s: %s; aeronmd_dpdk carries IPv4 unicast from and to %s (AERON_DPDK_LOCAL_IPV4_ADDRESS)",
        text,
        reason,
        local);
    return -1;
}

static int check_bind_address(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    if (AF_INET != address->ss_family)
    {
        return refuse_address(stack, address, EAFNOSUPPORT, "IPv6 is not supported");
    }

    const uint32_t ipv4 = rte_be_to_cpu_32(((struct sockaddr_in *)address)->sin_addr.s_addr);
    if (aeron_is_addr_multicast(address))
    {
        return refuse_address(stack, address, EAFNOSUPPORT, "multicast is not supported");
    }
    return INADDR_ANY == ipv4 || rte_be_to_cpu_32(stack->local.ipv4_be) == ipv4
        ? 0
        : refuse_address(stack, address, EADDRNOTAVAIL, "not the address of the DPDK port");
}

static int check_peer_address(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    uint32_t next_hop;

    if (AF_INET != address->ss_family)
    {
        return refuse_address(stack, address, EAFNOSUPPORT, "IPv6 is not supported");
    }
    if (aeron_is_addr_multicast(address))
    {
        return refuse_address(stack, address, EAFNOSUPPORT, "multicast is not supported");
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(((struct sockaddr_in *)address)->sin_addr.s_addr);
    return ADK_ROUTE_UNREACHABLE == adk_stack_route(stack, ipv4, &next_hop)
        ? refuse_address(
              stack,
              address,
              ENETUNREACH,
              "neither on the port's subnet nor behind a gateway (AERON_DPDK_GATEWAY_IPV4_ADDRESS)")
        : 0;
}

static int check_mtu(const adk_stack_t *stack, const aeron_udp_channel_transport_params_t *params)
{
    if (NULL == params || 0 == params->mtu_length)
    {
        AERON_SET_ERR(EINVAL, "%s", "channel transport params: mtu_length must be greater than 0");
        return -1;
    }
    if (params->mtu_length > (size_t)(stack->port.mtu - ADK_IPV4_UDP_HEADER_LENGTH))
    {
        AERON_SET_ERR(
            EINVAL,
            "channel MTU %" PRIu64 " + %d bytes of IPv4 and UDP header does not fit the link MTU %u; "
            "use mtu=%d or less, or raise AERON_DPDK_MTU",
            (uint64_t)params->mtu_length,
            ADK_IPV4_UDP_HEADER_LENGTH,
            stack->port.mtu,
            (stack->port.mtu - ADK_IPV4_UDP_HEADER_LENGTH) & ~31);
        return -1;
    }
    return 0;
}

static void connect_to(
    adk_transport_t *state, aeron_udp_channel_transport_t *transport, struct sockaddr_storage *address)
{
    const struct sockaddr_in *peer = (const struct sockaddr_in *)address;
    transport->connected_address = address;
    state->connected_ipv4_be = peer->sin_addr.s_addr;
    state->connected_port_be = peer->sin_port;
    state->is_plain = false;
}

/* Takes back what others see of a transport: its counter, and the device's rule for its port. */
static void hide(adk_transport_t *state)
{
    adk_counters_free(state->media->counters, state->counter_id);
    if (ADK_ROLE_SENDER == state->role)
    {
        adk_port_unsteer(&state->stack->port, state->port);
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
        format_ipv4(local, sizeof(local), rte_be_to_cpu_32(state->stack->local.ipv4_be));
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
    adk_stack_t *stack = media->stack;
    adk_transport_t *state = NULL;

    (void)multicast_if_addr;
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

    if (check_mtu(stack, params) < 0 ||
        check_bind_address(stack, bind_addr) < 0 ||
        (NULL != connect_addr && check_peer_address(stack, connect_addr) < 0))
    {
        return -1;
    }
    if (aeron_alloc((void **)&state, sizeof(*state)) < 0)
    {
        AERON_APPEND_ERR("%s", "DPDK transport");
        return -1;
    }

    state->transport = transport;
    state->media = media;
    state->stack = stack;
    state->role = AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER == affinity ? ADK_ROLE_SENDER : ADK_ROLE_RECEIVER;
    state->lane = &stack->lanes[state->role];
    state->is_plain = !params->is_media_timestamping;
    if (reserve_port(state, bind_addr) < 0)
    {
        aeron_free(state);
        return -1;
    }
    if (NULL != connect_addr)
    {
        connect_to(state, transport, connect_addr);
    }
    if (params->is_media_timestamping)
    {
        transport->timestamp_flags = AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP;
    }
    transport->bindings_clientd = state;
    if (ADK_ROLE_SENDER == state->role)
    {
        adk_port_steer(&stack->port, state->port);
    }

    char local[INET_ADDRSTRLEN];
    format_ipv4(local, sizeof(local), rte_be_to_cpu_32(stack->local.ipv4_be));
    state->counter_id = adk_counters_allocate(
        media->counters,
        AERON_COUNTER_DPDK_TRANSPORT_TYPE_ID,
        "dpdk-transport: %s %s:%u, value is 1 while polled",
        ADK_ROLE_SENDER == state->role ? "sender" : "receiver",
        local,
        state->port);
    return 0;
}

int adk_transport_reconnect(aeron_udp_channel_transport_t *transport, struct sockaddr_storage *connect_addr)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    if (NULL == transport->connected_address)
    {
        return 0;
    }
    if (check_peer_address(state->stack, connect_addr) < 0)
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
        adk_endpoints_release(&state->stack->endpoints, state->port, state);
        aeron_free(state);
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
    *so_rcvbuf = (size_t)port->rx_queue_size * port->mtu;
    return 0;
}

int adk_transport_bind_addr_and_port(aeron_udp_channel_transport_t *transport, char *buffer, size_t length)
{
    const adk_transport_t *state = (const adk_transport_t *)transport->bindings_clientd;
    char local[INET_ADDRSTRLEN];

    format_ipv4(local, sizeof(local), rte_be_to_cpu_32(state->stack->local.ipv4_be));
    const int written = snprintf(buffer, length, "%s:%u", local, state->port);
    if (written < 0 || (size_t)written >= length)
    {
        AERON_SET_ERR(EINVAL, "no room for the bound address in %" PRIu64 " bytes", (uint64_t)length);
        return -1;
    }
    return written;
}

int adk_transport_refuse(const adk_transport_t *transport, const struct sockaddr_storage *address, int code)
{
    char text[AERON_NETUTIL_FORMATTED_MAX_LENGTH] = { 0 };
    (void)aeron_format_source_identity(text, sizeof(text), (struct sockaddr_storage *)(uintptr_t)address);
    AERON_SET_ERR(code, "cannot send from UDP port %u to %s", transport->port, text);
    return -1;
}
