/* A received datagram as the transport passes it on: where it is, and when it came. */
#ifndef ADK_TRANSPORT_VIEW_H
#define ADK_TRANSPORT_VIEW_H

#include <time.h>

#include "transport/media.h"

/* Where a received UDP datagram is. Nothing is copied out of a frame before Aeron reads it. */
typedef struct view_stct
{
    uint8_t *bytes;                   /* of the whole frame */
    uint32_t payload_offset;
    uint32_t payload_length;
    const struct rte_mbuf *mbuf;      /* the mbuf it came in */
} view_t;

static inline const struct rte_ether_hdr *ethernet_of(view_t view)
{
    return (const struct rte_ether_hdr *)view.bytes;
}

static inline const struct rte_ipv4_hdr *ipv4_of(view_t view)
{
    return (const struct rte_ipv4_hdr *)(ethernet_of(view) + 1);
}

static inline const struct rte_udp_hdr *udp_of(view_t view)
{
    return (const struct rte_udp_hdr *)(view.bytes + view.payload_offset) - 1;
}

static inline const adk_header6_t *header6_of(view_t view)
{
    return (const adk_header6_t *)view.bytes;
}

static inline adk_ipv6_t source6_of(view_t view)
{
    return adk_ipv6_of(header6_of(view)->source);
}

/*
 * The time at which the device received it, if the device reports that; else the time at which this was first asked for
 * the burst.
 */
static inline void time_of(adk_poller_t *poller, adk_lane_t *lane, view_t view, struct timespec *time)
{
    if (adk_rx_clock_time(&poller->stack->port.device->rx_clock, view.mbuf, time))
    {
        return;
    }
    if (!lane->has_burst_time)
    {
        lane->has_burst_time = true;
        (void)clock_gettime(CLOCK_REALTIME, &lane->burst_time);
    }
    *time = lane->burst_time;
}

/* To Aeron's receive function; address: of the datagram's source. */
static __rte_always_inline void give_from(
    adk_poller_t *poller,
    aeron_udp_channel_transport_t *transport,
    view_t view,
    struct sockaddr_storage *address,
    struct timespec *media_timestamp)
{
    poller->bytes += view.payload_length;
    poller->recv_func(
        transport->data_paths,
        transport,
        poller->clientd,
        transport->dispatch_clientd,
        transport->destination_clientd,
        view.bytes + view.payload_offset,
        view.payload_length,
        address,
        media_timestamp);
}

/* For a transport that is bound to [::] (transport/ipv6/mapped.c). */
__rte_noinline void adk_deliver_mapped(
    adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, const view_t *datagram);

/* Hands a copy to the name resolver (transport/resolver.c). */
__rte_noinline void adk_resolver_hear(adk_lane_t *lane, const adk_transport_t *owner, const view_t *datagram);

#endif
