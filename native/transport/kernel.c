#include "transport/guard.h"
#include "transport/kernel.h"

#include <errno.h>
#include <sys/epoll.h>

#include <rte_cycles.h>

#include "stack/interfaces.h"
#include "transport/addresses.h"
#include "transport/counters.h"
#include "transport/way.h"

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (AF_INET6 == address->ss_family)
    {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    }
    return AF_INET == address->ss_family &&
        IN_LOOPBACKNET == rte_be_to_cpu_32(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> IN_CLASSA_NSHIFT;
}

static bool is_of_a_port(const adk_stack_t *stack, const struct sockaddr_storage *address)
{
    if (AF_INET6 == address->ss_family)
    {
        const adk_ipv6_t ipv6 = adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
        return NULL != adk_interfaces_with6(stack, ipv6, ADK_LOCAL6_TENTATIVE);
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(((const struct sockaddr_in *)address)->sin_addr.s_addr);
    return NULL != adk_interfaces_with(stack, ipv4);
}

/* A link-local peer belongs to the kernel if its scope names one of the kernel's interfaces. */
static bool is_reached_by_port6(const adk_stack_t *stack, const struct sockaddr_in6 *address)
{
    const adk_ipv6_t ipv6 = adk_ipv6_of(&address->sin6_addr);
    const bool is_elsewhere = adk_ipv6_is_link_local(ipv6) &&
        0 != address->sin6_scope_id &&
        ADK_SCOPE_ID != address->sin6_scope_id;

    return !is_elsewhere && NULL != adk_interfaces_towards6(stack, ipv6);
}

bool adk_kernel_takes_bind(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    if (is_loopback(address))
    {
        return ADK_KERNEL_SOCKETS_NONE != stack->kernel_sockets;
    }
    return ADK_KERNEL_SOCKETS_ALL == stack->kernel_sockets &&
        adk_address_is_given(address) &&
        !is_of_a_port(stack, address);
}

bool adk_kernel_takes_peer(const adk_stack_t *stack, const struct sockaddr_storage *address)
{
    if (is_loopback(address))
    {
        return ADK_KERNEL_SOCKETS_NONE != stack->kernel_sockets;
    }
    if (ADK_KERNEL_SOCKETS_ALL != stack->kernel_sockets)
    {
        return false;
    }
    if (AF_INET6 == address->ss_family)
    {
        return !is_reached_by_port6(stack, (const struct sockaddr_in6 *)address);
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(((const struct sockaddr_in *)address)->sin_addr.s_addr);
    return NULL == adk_interfaces_towards(stack, ipv4);
}

unsigned int adk_kernel_media_of(
    const adk_stack_t *stack,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *peer)
{
    if (aeron_is_addr_multicast(bind_address))
    {
        return NULL != interface_address && adk_kernel_takes_bind(stack, interface_address) ? ADK_MEDIUM_KERNEL
                                                                                            : ADK_MEDIUM_PORT;
    }
    if (!aeron_is_wildcard_addr(bind_address))
    {
        return adk_kernel_takes_bind(stack, bind_address) ? ADK_MEDIUM_KERNEL : ADK_MEDIUM_PORT;
    }
    if (adk_address_is_given(peer))
    {
        return adk_kernel_takes_peer(stack, peer) ? ADK_MEDIUM_KERNEL : ADK_MEDIUM_PORT;
    }
    /*
     * A wildcard address with a fixed port hears on all media; otherwise only what is sent tells which medium is
     * needed.
     */
    const bool hears_on_all = ADK_KERNEL_SOCKETS_NONE != stack->kernel_sockets &&
        (AF_INET == bind_address->ss_family || NULL != adk_interfaces_first6(stack)) &&
        !aeron_is_wildcard_port(bind_address);
    return hears_on_all ? ADK_MEDIUM_PORT | ADK_MEDIUM_KERNEL : ADK_MEDIUM_PORT;
}

/* Where only loopback is allowed, a socket bound to no address would also hear the kernel's other interfaces. */
static struct sockaddr_storage narrowed(const adk_stack_t *stack, struct sockaddr_storage *bind_address)
{
    struct sockaddr_storage address = *bind_address;

    if (ADK_KERNEL_SOCKETS_LOOPBACK == stack->kernel_sockets && aeron_is_wildcard_addr(bind_address))
    {
        if (AF_INET6 == address.ss_family)
        {
            ((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
        }
        else
        {
            ((struct sockaddr_in *)&address)->sin_addr.s_addr = rte_cpu_to_be_32(INADDR_LOOPBACK);
        }
    }
    return address;
}

int adk_kernel_open(
    adk_transport_t *state,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *connect_address)
{
    aeron_udp_channel_transport_t *transport = state->transport;
    /* Aeron's init function resets fields of a transport in use, so it gets a separate one. */
    aeron_udp_channel_transport_t opened = { .connected_address = NULL };
    struct sockaddr_storage address = narrowed(state->stack, bind_address);
    const bool is_receiver = ADK_ROLE_RECEIVER == state->role;

    if (aeron_udp_channel_transport_init(
            &opened,
            &address,
            interface_address,
            connect_address,
            &state->params,
            state->media->context,
            is_receiver ? AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_RECEIVER : AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER) <
        0)
    {
        AERON_APPEND_ERR("%s", "the kernel's sockets beside DPDK (AERON_DPDK_KERNEL_SOCKETS)");
        return -1;
    }
    transport->fd = opened.fd;
    transport->recv_fd = opened.recv_fd;
    transport->connected_address = opened.connected_address;
    transport->timestamp_flags |= opened.timestamp_flags;
    state->socket_fds[0] = opened.fd;
    state->socket_fds[1] = opened.recv_fd;
    return 0;
}

void adk_kernel_close(adk_transport_t *state)
{
    aeron_udp_channel_transport_t opened = { .fd = state->socket_fds[0], .recv_fd = state->socket_fds[1] };
    (void)aeron_udp_channel_transport_close(&opened);
    state->socket_fds[0] = -1;
    state->socket_fds[1] = -1;
}

static void show_media(const adk_transport_t *state, bool is_on_kernel)
{
    adk_counters_set(
        state->media->counters,
        state->counter_id,
        (state->is_on_port ? ADK_MEDIUM_PORT : 0) | (is_on_kernel ? ADK_MEDIUM_KERNEL : 0));
}

int adk_kernel_add(adk_poller_t *poller, adk_transport_t *state)
{
    if (aeron_udp_transport_poller_add(&poller->kernel, state->transport) < 0)
    {
        return -1;
    }
    adk_poller_update_side_work(poller);
    show_media(state, true);
    return 0;
}

int adk_kernel_remove(adk_poller_t *poller, adk_transport_t *state)
{
    const int result = aeron_udp_transport_poller_remove(&poller->kernel, state->transport);
    adk_poller_update_side_work(poller);
    return result;
}

/*
 * A transport bound to no address gets its sockets only now: the peer turns out to be one that only the kernel can
 * reach.
 */
static int open_late(adk_transport_t *state, struct sockaddr_storage *peer)
{
    struct sockaddr_storage bind_address = { .ss_family = peer->ss_family };

    if (!state->is_wildcard || !adk_kernel_takes_peer(state->stack, peer))
    {
        return adk_transport_refuse(state, peer, AF_INET == peer->ss_family ? ENETUNREACH : EAFNOSUPPORT);
    }
    if (adk_kernel_open(state, &bind_address, NULL, NULL) < 0)
    {
        return -1;
    }
    if (adk_kernel_add(state->media->pollers[state->role], state) < 0)
    {
        adk_kernel_close(state);
        return -1;
    }
    return 0;
}

int adk_kernel_send(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent)
{
    if (!adk_kernel_has_sockets(state) && open_late(state, peer) < 0)
    {
        return -1;
    }
    return aeron_udp_channel_transport_send(NULL, state->transport, peer, iov, iov_length, bytes_sent);
}

/* Whether any socket has something to read: one system call, whatever their number. */
static bool is_due(adk_poller_t *poller)
{
    const uint64_t now_tsc = rte_rdtsc();
    struct epoll_event event;

    if (poller->is_kernel_busy)
    {
        return true;
    }
    if (now_tsc < poller->next_kernel_poll_tsc)
    {
        return false;
    }
    poller->next_kernel_poll_tsc = now_tsc + rte_get_tsc_hz() / (1000 * 1000) * ADK_KERNEL_POLL_INTERVAL_US;
    return epoll_wait(poller->kernel.fd, &event, 1, 0) > 0;
}

static void guarded_receive(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    void *clientd,
    void *endpoint_clientd,
    void *destination_clientd,
    uint8_t *buffer,
    size_t length,
    struct sockaddr_storage *address,
    struct timespec *media_timestamp)
{
    const adk_transport_t *state = transport->bindings_clientd;
    state->media->pollers[state->role]->recv_func(
        data_paths,
        transport,
        clientd,
        endpoint_clientd,
        destination_clientd,
        buffer,
        adk_guarded_length(state, buffer, length),
        address,
        media_timestamp);
}

int adk_kernel_poll(adk_poller_t *poller, struct mmsghdr *msgvec, size_t vlen, int64_t *bytes_rcved)
{
    if (!is_due(poller))
    {
        return 0;
    }
    const int datagrams = aeron_udp_transport_poller_poll(
        &poller->kernel,
        msgvec,
        vlen,
        bytes_rcved,
        guarded_receive,
        aeron_udp_channel_transport_recvmmsg,
        poller->clientd);
    poller->is_kernel_busy = datagrams > 0;
    return datagrams < 0 ? 0 : datagrams;
}
