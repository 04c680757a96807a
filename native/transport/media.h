/*
 * The state behind Aeron's bindings: one media object for the driver, a poller for each role and interface, a transport
 * for each channel.
 */
#ifndef ADK_TRANSPORT_MEDIA_H
#define ADK_TRANSPORT_MEDIA_H

#include "media/aeron_udp_channel_transport.h"
#include "media/aeron_udp_transport_poller.h"

#include "stack/rx.h"
#include "stack/tx.h"
#include "stack/ipv6/tx.h"

/* Name of our entry among the context's bindings_clientd (aeron_driver_context.h). */
#define ADK_BINDINGS_NAME "dpdk"

/*
 * Frames of this many of Aeron's types, counted from PAD, are passed on unchecked: PAD and DATA, which Aeron checks
 * itself. For the others see transport/guard.h.
 */
#define ADK_PLAIN_TYPES (2)

typedef struct adk_transport_stct adk_transport_t;
typedef struct adk_poller_stct adk_poller_t;
typedef struct adk_counters_stct adk_counters_t;
typedef void (*adk_on_burst_t)(adk_poller_t *poller, struct rte_mbuf **burst, uint16_t count);

typedef struct adk_media_stct
{
    adk_stack_t *stack;               /* the first interface */
    aeron_driver_context_t *context;
    adk_counters_t *counters;
    adk_poller_t *pollers[ADK_ROLE_CONTROL]; /* of the first interface */
    adk_transport_t *orphans;         /* transports that lost their port to another; see stack/endpoints.c */
} adk_media_t;

struct adk_poller_stct
{
    adk_stack_t *stack;
    adk_lane_t *lane;
    adk_poller_t *next;               /* of the same role, on the next interface */
    adk_poller_t *next_on_port;       /* of the same role, on the next interface that shares the port */
    adk_poller_t *sibling;            /* the other role's poller when both are one thread, else NULL */
    bool polls_port;
    adk_on_burst_t on_burst;          /* see adk_poller_on_burst() */
    uint16_t rx_queue;
    enum adk_endpoint_state_en polled_by; /* of the endpoints whose frames this poller delivers */
    aeron_udp_transport_poller_t
        kernel;  /* Aeron's own, over the transports that have sockets; only the first interface's is used */
    uint64_t next_kernel_poll_tsc;
    bool is_kernel_busy;              /* the last poll of the sockets found something */
    aeron_udp_transport_recv_func_t recv_func; /* of the latest poll; the sibling delivers through it too */
    void *clientd;
    int64_t bytes;                    /* delivered during the current poll */
    adk_media_t *media;
    int32_t counter_id;
    uint8_t group_copy[ADK_LINEAR_LENGTH]; /* see transport/group.c */
};

struct adk_transport_stct
{
    aeron_udp_channel_transport_t *transport;
    adk_stack_t *stack;               /* its interface's; if it is on all, the one towards its peer, or the first */
    bool is_on_all;                   /* bound to no address, in a driver of several interfaces */
    uint16_t plain_types; /* see ADK_PLAIN_TYPES; 0: only some peers are heard, or time stamps are wanted */
    bool is_on_port; /* has a UDP port of the DPDK port */
    bool is_wildcard; /* bound to no address: gets sockets once it sends to a peer only they reach */
    rte_be16_t connected_port_be;
    rte_be32_t connected_ipv4_be; /* 0: frames from any peer are welcome */
    uint16_t port;
    enum adk_role_en role;
    int32_t counter_id;
    adk_media_t *media;
    adk_transport_t *next_orphan;
    bool is_ipv6; /* of IPv6; bound to no address and with a UDP port, it hears IPv4 peers too */
    uint16_t plain_types6; /* as plain_types, for frames of IPv6 */
    adk_ipv6_t bound6; /* unspecified: any of ours */
    adk_ipv6_t connected6; /* unspecified: frames from any peer are welcome */
    adk_ipv6_t group6;
    adk_destination6_t *destinations6; /* ADK_DESTINATIONS of them, if is_ipv6 */
    int group_slot; /* in the table of groups; -1: hears none */
    uint32_t group; /* host byte order */
    int socket_fds[2]; /* as Aeron's transport has them; -1 without sockets */
    aeron_udp_channel_transport_params_t params;
    bool is_orphan; /* freed with the driver, even if Aeron never closes it */
    adk_destination_t destinations[ADK_DESTINATIONS];
    struct rte_ring *heard[ADK_ROLE_CONTROL]; /* name resolver only: what each lane has received for it */
};

static inline bool adk_group_is_open(const adk_transport_t *state)
{
    return state->group_slot >= 0;
}

/* The twelve functions of aeron_udp_channel_transport_bindings.h; the poll and the send are the hot path. */
int adk_transport_init(
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage *bind_addr,
    struct sockaddr_storage *multicast_if_addr,
    struct sockaddr_storage *connect_addr,
    aeron_udp_channel_transport_params_t *params,
    aeron_driver_context_t *context,
    aeron_udp_channel_transport_affinity_t affinity);
int adk_transport_reconnect(aeron_udp_channel_transport_t *transport, struct sockaddr_storage *connect_addr);
int adk_transport_close(aeron_udp_channel_transport_t *transport);
int adk_transport_recvmmsg(
    aeron_udp_channel_transport_t *transport,
    struct mmsghdr *msgvec,
    size_t vlen,
    int64_t *bytes_rcved,
    aeron_udp_transport_recv_func_t recv_func,
    void *clientd);
int adk_transport_send(
    aeron_udp_channel_data_paths_t *data_paths,
    aeron_udp_channel_transport_t *transport,
    struct sockaddr_storage *address,
    struct iovec *iov,
    size_t iov_length,
    int64_t *bytes_sent);
int adk_transport_get_so_rcvbuf(aeron_udp_channel_transport_t *transport, size_t *so_rcvbuf);
int adk_transport_bind_addr_and_port(aeron_udp_channel_transport_t *transport, char *buffer, size_t length);
int adk_poller_init(
    aeron_udp_transport_poller_t *poller,
    aeron_driver_context_t *context,
    aeron_udp_channel_transport_affinity_t affinity);
int adk_poller_close(aeron_udp_transport_poller_t *poller);
int adk_poller_add(aeron_udp_transport_poller_t *poller, aeron_udp_channel_transport_t *transport);
int adk_poller_remove(aeron_udp_transport_poller_t *poller, aeron_udp_channel_transport_t *transport);
/* How a poller of that interface handles a burst while no capture is open. */
adk_on_burst_t adk_poller_on_burst(const adk_stack_t *stack);
int adk_poller_poll(
    aeron_udp_transport_poller_t *poller,
    struct mmsghdr *msgvec,
    size_t vlen,
    int64_t *bytes_rcved,
    aeron_udp_transport_recv_func_t recv_func,
    aeron_udp_channel_transport_recvmmsg_func_t recvmmsg_func,
    void *clientd);

/* Never const: aeron_udp_channel_transport_bindings_load_media() writes meta_info.source_symbol. */
extern aeron_udp_channel_transport_bindings_t adk_transport_bindings;

/* For Aeron's driver name resolver (transport/resolver.c). */
extern aeron_udp_channel_transport_bindings_t adk_resolver_bindings;

/* Frees what is left of a poller that Aeron did not close. NULL is fine. */
void adk_poller_free(adk_poller_t *state);

/* NULL when the context was not made by adk_driver_open(). */
adk_media_t *adk_media_of(aeron_driver_context_t *context);

/* At the end of the driver: frees transports that Aeron forgot, or that lost their port to another. */
void adk_orphans_free(adk_media_t *media);

/* Turns an error of adk_tx_send() that will not go away into an entry on Aeron's error stack. Returns -1. */
int adk_transport_refuse(const adk_transport_t *transport, const struct sockaddr_storage *address, int code);

#endif
