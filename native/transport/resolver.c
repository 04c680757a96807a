/*
 * The transport of Aeron's driver name resolver: a few datagrams a second, sent and heard by Aeron's agent for native
 * resources, which has no lane. What it sends goes to the control plane as frames that lack their MAC; what it hears is
 * copied into rings by the thread that polls the port. On a kernel address it is Aeron's own transport.
 *
 * Here another thread publishes and withdraws an endpoint of the receiver's, against the rule of stack/endpoints.h: the
 * resolver is created before any agent runs and closed when none runs any more (aeron_driver_close()).
 */
#include <errno.h>

#include "aeron_alloc.h"
#include "stack/ipv6/outlet.h"
#include "transport/addresses.h"
#include "transport/guard.h"
#include "transport/kernel.h"
#include "transport/ports.h"
#include "transport/resolver_peer.h"
#include "transport/way.h"
#include "util/aeron_arrayutil.h"

/* Datagrams that wait for the agent, which looks about every 10 ms (aeron_driver_name_resolver.c). */
#define HEARD_LENGTH (256)

/* ---- hot path, for the resolver's UDP port only ---- */

__rte_noinline void adk_resolver_hear(adk_lane_t *lane, const adk_transport_t *owner, const view_t *datagram)
{
    const uint32_t length = datagram->payload_offset + datagram->payload_length;
    struct rte_mbuf *copy = rte_pktmbuf_alloc(lane->tx_mempool);
    char *bytes = NULL == copy || length > rte_pktmbuf_tailroom(copy) ? NULL
                                                                      : rte_pktmbuf_append(copy, (uint16_t)length);

    if (NULL == bytes)
    {
        goto error;
    }
    memcpy(bytes, datagram->bytes, length);
    adk_mbuf_note(copy)->payload_offset = (uint16_t)datagram->payload_offset;
    adk_mbuf_note(copy)->payload_length = (uint16_t)datagram->payload_length;
    if (0 == rte_ring_sp_enqueue(owner->heard[lane->role], copy))
    {
        return;
    }

error:
    rte_pktmbuf_free(copy);
    adk_drop(lane, ADK_COUNT_HANDOFF_FULL);
}

/* ---- the resolver's agent ---- */

static void discard(adk_transport_t *state)
{
    for (int role = 0; role < ADK_ROLE_CONTROL; role++)
    {
        void *mbuf;
        while (NULL != state->heard[role] && 0 == rte_ring_dequeue(state->heard[role], &mbuf))
        {
            rte_pktmbuf_free(mbuf);
        }
        rte_ring_free(state->heard[role]);
    }
    aeron_free(state);
}

static int open_rings(adk_transport_t *state)
{
    static const char *const names[] = { "adk_snd_resolver", "adk_rcv_resolver" };
    for (int role = 0; role < ADK_ROLE_CONTROL; role++)
    {
        state->heard[role] = rte_ring_create(
            names[role], HEARD_LENGTH, rte_eth_dev_socket_id(state->stack->port.id), RING_F_SP_ENQ | RING_F_SC_DEQ);
        if (NULL == state->heard[role])
        {
            AERON_SET_ERR(rte_errno, "ring %s of %d frames", names[role], HEARD_LENGTH);
            return -1;
        }
    }
    return 0;
}

/* Aeron's agent starts before duplicate address detection has confirmed our IPv6 addresses. */
static int check_address(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    const adk_ipv6_t ipv6 = adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
    const bool is_tentative = AF_INET6 == address->ss_family &&
        NULL != stack->ipv6 &&
        ADK_LOCAL6_TENTATIVE == adk_locals6_state_of(&stack->ipv6->locals, ipv6);
    return is_tentative ? 0 : adk_check_bind_address(stack, address);
}

static int open_on_port(adk_transport_t *state, struct sockaddr_storage *address)
{
    /* The port field is at the same offset for both families. */
    const uint16_t wanted = rte_be_to_cpu_16(((const struct sockaddr_in *)address)->sin_port);

    state->is_ipv6 = AF_INET6 == address->ss_family;
    if (state->is_ipv6)
    {
        state->bound6 = adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
    }
    return check_address(state->stack, address) < 0 ||
            adk_check_mtu(state, NULL) < 0 ||
            adk_ports_reserve(state, wanted, NULL) < 0
        ? -1
        : 0;
}

static int resolver_init(
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage *bind_addr,
    struct sockaddr_storage *multicast_if_addr,
    struct sockaddr_storage *connect_addr,
    aeron_udp_channel_transport_params_t *params,
    aeron_driver_context_t *context,
    aeron_udp_channel_transport_affinity_t affinity)
{
    adk_media_t *media = adk_media_of(context);
    adk_transport_t *state = NULL;

    /* Aeron closes what it could not open, and 0 is a valid descriptor. */
    transport->fd = -1;
    transport->recv_fd = -1;
    if (adk_kernel_takes_bind(media->stack, bind_addr))
    {
        return aeron_udp_channel_transport_init(
            transport, bind_addr, multicast_if_addr, connect_addr, params, context, affinity);
    }
    if (aeron_alloc((void **)&state, sizeof(*state)) < 0)
    {
        return -1;
    }
    state->transport = transport;
    state->media = media;
    state->role = ADK_ROLE_RECEIVER;
    state->params = *params;
    state->stack = adk_way_home(media, bind_addr, NULL, NULL);
    if (open_on_port(state, bind_addr) < 0)
    {
        AERON_APPEND_ERR("%s", "the driver's name resolver");
        discard(state);
        return -1;
    }
    if (open_rings(state) < 0)
    {
        adk_ports_release(state);
        discard(state);
        return -1;
    }
    transport->bindings_clientd = state;
    return 0;
}

static int resolver_close(aeron_udp_channel_transport_t *transport)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;

    if (NULL == state)
    {
        return aeron_udp_channel_transport_close(transport);
    }
    adk_ports_withdraw(state);
    adk_ports_release(state);
    transport->bindings_clientd = NULL;
    discard(state);
    return 0;
}

/* 1 when it is on its way to the control plane, which finds the MAC; 0 when it is lost, as any datagram may be. */
static int send_one(const adk_stack_t *stack, const adk_way_out_t *way, const struct iovec *payload)
{
    struct rte_mbuf *frame = rte_pktmbuf_alloc(stack->lanes[ADK_ROLE_CONTROL].tx_mempool);
    if (NULL == frame)
    {
        return 0;
    }
    if (way->is_ipv6)
    {
        adk_outlet6_complete(stack, &way->ipv6, frame, payload);
    }
    else
    {
        adk_outlet_complete(stack, &way->ipv4, frame, payload);
    }
    if (0 != rte_ring_sp_enqueue(stack->unresolved_out[ADK_ROLE_CONTROL], frame))
    {
        rte_pktmbuf_free(frame);
        return 0;
    }
    adk_wakeup_give(stack->port.wakeup);
    return 1;
}

/* Nothing is sent from our IPv6 addresses until duplicate address detection has confirmed them. */
static bool may_not_send_yet(const adk_transport_t *state)
{
    if (!state->is_ipv6)
    {
        return false;
    }
    const adk_locals6_t *locals = &state->stack->ipv6->locals;
    return adk_ipv6_is_unspecified(state->bound6) ? ADK_LOCAL6_USABLE != adk_local6_state(&locals->slots[0])
                                                  : ADK_LOCAL6_USABLE != adk_locals6_state_of(locals, state->bound6);
}

static int resolver_send(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage *address,
    struct iovec *iov,
    size_t iov_length,
    int64_t *bytes_sent)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;
    adk_way_out_t way;
    int sent = 0;

    if (NULL == state)
    {
        return aeron_udp_channel_transport_send(data_paths, transport, address, iov, iov_length, bytes_sent);
    }
    if (state->is_ipv6 != (AF_INET6 == address->ss_family))
    {
        return adk_transport_refuse(state, address, EAFNOSUPPORT);
    }
    if (may_not_send_yet(state))
    {
        return 0;
    }
    const enum adk_route_en route = adk_resolver_find_way(state, address, &way);
    if (ADK_ROUTE_ON_LINK != route && ADK_ROUTE_GATEWAY != route)
    {
        return adk_transport_refuse(state, address, ENETUNREACH);
    }
    const size_t headers_length = way.is_ipv6 ? ADK_IPV6_UDP_HEADER_LENGTH : ADK_IPV4_UDP_HEADER_LENGTH;
    for (size_t i = 0; i < iov_length; i++)
    {
        if (iov[i].iov_len > (size_t)state->stack->port.mtu - headers_length)
        {
            return adk_transport_refuse(state, address, EMSGSIZE);
        }
        const int is_sent = send_one(state->stack, &way, &iov[i]);
        sent += is_sent;
        *bytes_sent += is_sent ? (int64_t)iov[i].iov_len : 0;
    }
    return sent;
}

static int poller_add(aeron_udp_transport_poller_t *poller, aeron_udp_channel_transport_t *transport)
{
    adk_transport_t *state = (adk_transport_t *)transport->bindings_clientd;

    int ensure_capacity_result = 0;

    if (NULL == state)
    {
        return aeron_udp_transport_poller_add(poller, transport);
    }
    AERON_ARRAY_ENSURE_CAPACITY(ensure_capacity_result, poller->transports, aeron_udp_channel_transport_entry_t)
    if (ensure_capacity_result < 0)
    {
        return -1;
    }
    poller->transports.array[poller->transports.length++].transport = transport;
    return adk_ports_publish(state);
}

static void deliver_heard(
    const adk_transport_t *state,
    struct rte_mbuf *mbuf,
    int64_t *bytes_rcved,
    aeron_udp_transport_recv_func_t recv_func,
    void *clientd)
{
    aeron_udp_channel_transport_t *transport = state->transport;
    const adk_note_t *note = adk_mbuf_note(mbuf);
    const view_t view = adk_guarded(
        state, (view_t){ rte_pktmbuf_mtod(mbuf, uint8_t *), note->payload_offset, note->payload_length, mbuf });
    struct sockaddr_storage address = { 0 };

    adk_resolver_name_source(state, view, &address);
    *bytes_rcved += view.payload_length;
    recv_func(
        transport->data_paths,
        transport,
        clientd,
        transport->dispatch_clientd,
        transport->destination_clientd,
        view.bytes + view.payload_offset,
        view.payload_length,
        &address,
        NULL);
}

static int resolver_poll(
    aeron_udp_transport_poller_t *poller,
    struct mmsghdr *msgvec,
    size_t vlen,
    int64_t *bytes_rcved,
    aeron_udp_transport_recv_func_t recv_func,
    aeron_udp_channel_transport_recvmmsg_func_t recvmmsg_func,
    void *clientd)
{
    /* The resolver has one transport (aeron_driver_name_resolver.c). */
    const adk_transport_t *state = 0 == poller->transports.length
        ? NULL
        : (const adk_transport_t *)poller->transports.array[0].transport->bindings_clientd;
    int datagrams = 0;

    if (NULL == state)
    {
        return aeron_udp_transport_poller_poll(
            poller, msgvec, vlen, bytes_rcved, adk_guarded_resolver_receive, recvmmsg_func, clientd);
    }
    for (int role = 0; role < ADK_ROLE_CONTROL; role++)
    {
        struct rte_mbuf *burst[ADK_RX_BURST_LENGTH];
        const unsigned int count = rte_ring_sc_dequeue_burst(
            state->heard[role], (void **)burst, ADK_RX_BURST_LENGTH, NULL);
        for (unsigned int i = 0; i < count; i++)
        {
            deliver_heard(state, burst[i], bytes_rcved, recv_func, clientd);
        }
        rte_pktmbuf_free_bulk(burst, count);
        datagrams += (int)count;
    }
    return datagrams;
}

/* The resolver never calls the rest; on sockets they are Aeron's. */
aeron_udp_channel_transport_bindings_t adk_resolver_bindings =
{
    .init_func = resolver_init,
    .reconnect_func = aeron_udp_channel_transport_reconnect,
    .close_func = resolver_close,
    .recvmmsg_func = aeron_udp_channel_transport_recvmmsg,
    .send_func = resolver_send,
    .get_so_rcvbuf_func = aeron_udp_channel_transport_get_so_rcvbuf,
    .bind_addr_and_port_func = aeron_udp_channel_transport_bind_addr_and_port,
    .poller_init_func = aeron_udp_transport_poller_init,
    .poller_close_func = aeron_udp_transport_poller_close,
    .poller_add_func = poller_add,
    .poller_remove_func = aeron_udp_transport_poller_remove,
    .poller_poll_func = resolver_poll,
    .meta_info =
    {
        .name = "dpdk-resolver",
        .type = "media",
        .source_symbol = &adk_resolver_bindings,
    },
};
