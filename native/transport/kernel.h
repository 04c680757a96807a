/*
 * Channels that the kernel carries: Aeron's own UDP transport, inside this driver, for addresses that are not the DPDK
 * port's. A transport is on the port, on sockets, or on both; without sockets the data path makes no system call.
 */
#ifndef ADK_TRANSPORT_KERNEL_H
#define ADK_TRANSPORT_KERNEL_H

#include "transport/media.h"

/* The media that a transport is on; its counter shows the value while it is polled. */
enum adk_medium_en
{
    ADK_MEDIUM_PORT = 1,
    ADK_MEDIUM_KERNEL = 2
};

/* How long to leave sockets alone that were found empty: the average cost per poll is then less than a system call. */
#define ADK_KERNEL_POLL_INTERVAL_US (10)

/* Whether a channel bound to address belongs to the kernel. */
bool adk_kernel_takes_bind(const adk_stack_t *stack, struct sockaddr_storage *address);
/* Whether only the kernel may reach the peer: loopback, and hosts behind the kernel's other interfaces. */
bool adk_kernel_takes_peer(const adk_stack_t *stack, const struct sockaddr_storage *address);

/*
 * The media for a new transport, as bits of enum adk_medium_en. peer: the address that a sender will send to, or that
 * the transport is connected to, if known; else NULL.
 */
unsigned int adk_kernel_media_of(
    const adk_stack_t *stack,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *peer);

static inline bool adk_kernel_has_sockets(const adk_transport_t *state)
{
    return state->socket_fds[0] >= 0;
}

/* Gives the transport the same sockets as Aeron's own transport would have. 0, or -1 with Aeron's error set. */
int adk_kernel_open(
    adk_transport_t *state,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *connect_address);
void adk_kernel_close(adk_transport_t *state);

/*
 * Updates whether the lane of a role's first poller has more to look at than its port. Polling thread, or before it
 * starts.
 */
static inline void adk_poller_update_side_work(adk_poller_t *first)
{
    first->lane->has_side_work = NULL != first->lane->forward_in[0] ||
        NULL != first->next ||
        0 != first->kernel.transports.length;
}

/* Polling thread. */
int adk_kernel_add(adk_poller_t *poller, adk_transport_t *state);
int adk_kernel_remove(adk_poller_t *poller, adk_transport_t *state);

/* For a peer that the port cannot reach. The first such send of a transport bound to no address opens its sockets. */
__rte_noinline int adk_kernel_send(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent);

/* Polls the sockets, unless they were empty a moment ago. Returns the number of datagrams. */
__rte_noinline int adk_kernel_poll(adk_poller_t *poller, struct mmsghdr *msgvec, size_t vlen, int64_t *bytes_rcved);

#endif
