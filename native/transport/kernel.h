/*
 * Channels that the kernel carries: Aeron's own UDP transport, inside this driver, where an address is not the DPDK
 * port's. A transport is on the port, on sockets, or on both; without sockets the data path makes no system call.
 */
#ifndef ADK_TRANSPORT_KERNEL_H
#define ADK_TRANSPORT_KERNEL_H

#include "transport/media.h"

/* What a transport's counter shows while it is polled: which media it is on. */
enum adk_medium_en
{
    ADK_MEDIUM_PORT = 1,
    ADK_MEDIUM_KERNEL = 2
};

/* How long sockets that were found empty are left alone: less than a system call costs is lost of each poll. */
#define ADK_KERNEL_POLL_INTERVAL_US (10)

/* Whether a channel bound to address is the kernel's. */
bool adk_kernel_takes_bind(const adk_stack_t *stack, struct sockaddr_storage *address);
/* Whether only the kernel may reach the peer: loopback, and what is behind the kernel's other interfaces. */
bool adk_kernel_takes_peer(const adk_stack_t *stack, const struct sockaddr_storage *address);

/*
 * The media for a new transport, of enum adk_medium_en. peer: what a sender will send to, or what it is connected to,
 * as far as it is known; NULL otherwise.
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

/* Gives the transport sockets as Aeron's own has them. 0, or -1 with Aeron's error set. */
int adk_kernel_open(
    adk_transport_t *state,
    struct sockaddr_storage *bind_address,
    struct sockaddr_storage *interface_address,
    struct sockaddr_storage *connect_address);
void adk_kernel_close(adk_transport_t *state);

/* Polling thread, or before there is one: whether the lane of a role's first poller has more to look at than its port. */
static inline void adk_poller_update_side_work(adk_poller_t *first)
{
    first->lane->has_side_work = NULL != first->lane->forward_in[0] ||
        NULL != first->next ||
        0 != first->kernel.transports.length;
}

/* Polling thread. */
int adk_kernel_add(adk_poller_t *poller, adk_transport_t *state);
int adk_kernel_remove(adk_poller_t *poller, adk_transport_t *state);

/* For a peer that the port does not reach. Opens sockets at the first such send of a transport bound to no address. */
__rte_noinline int adk_kernel_send(
    adk_transport_t *state, struct sockaddr_storage *peer, struct iovec *iov, size_t iov_length, int64_t *bytes_sent);

/* Looks at the sockets, unless they were empty a moment ago. Returns the datagrams. */
__rte_noinline int adk_kernel_poll(adk_poller_t *poller, struct mmsghdr *msgvec, size_t vlen, int64_t *bytes_rcved);

#endif
