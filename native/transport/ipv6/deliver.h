/* Hot path: passes one datagram of IPv6 to Aeron's receive function. See transport/deliver.h. */
#ifndef ADK_TRANSPORT_IPV6_DELIVER_H
#define ADK_TRANSPORT_IPV6_DELIVER_H

#include "stack/ipv6/sources.h"
#include "stack/ipv6/witness.h"
#include "transport/deliver.h"

static inline adk_lane6_t *lane6_of(const adk_poller_t *poller)
{
    return &poller->stack->ipv6->lanes[poller->lane->role];
}

static __rte_always_inline void give6(
    adk_poller_t *poller, aeron_udp_channel_transport_t *transport, view_t view, struct timespec *media_timestamp)
{
    struct sockaddr_storage *address = &lane6_of(poller)->source_address;
    struct sockaddr_in6 *source = (struct sockaddr_in6 *)address;
    const adk_ipv6_t ipv6 = source6_of(view);

    source->sin6_port = udp_of(view)->src_port;
    memcpy(&source->sin6_addr, &ipv6, sizeof(ipv6));
    source->sin6_scope_id = adk_ipv6_is_link_local(ipv6) ? ADK_SCOPE_ID : 0;
    give_from(poller, transport, view, address, media_timestamp);
}

/* Whether owner is bound to another address of ours, or connected to another peer. */
static inline bool is_deaf_to(const adk_transport_t *owner, view_t view)
{
    const bool is_for_another = !adk_ipv6_is_unspecified(owner->bound6) &&
        !adk_ipv6_is_multicast(adk_ipv6_of(header6_of(view)->destination)) &&
        !adk_ipv6_is_same(owner->bound6, adk_ipv6_of(header6_of(view)->destination));
    const bool is_stranger = !adk_ipv6_is_unspecified(owner->connected6) &&
        (!adk_ipv6_is_same(owner->connected6, source6_of(view)) || owner->connected_port_be != udp_of(view)->src_port);
    return is_for_another || is_stranger;
}

/* For transports that want time stamps, for the name resolver, and for frames of Aeron's other than data. */
static __rte_noinline __rte_unused void deliver6_selectively(
    adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, const view_t *datagram)
{
    aeron_udp_channel_transport_t *transport = owner->transport;
    struct timespec now;

    if (NULL != owner->heard[lane->role])
    {
        adk_resolver_hear(lane, owner, datagram);
        return;
    }
    const view_t view = adk_guarded(owner, *datagram);
    if (0 != (transport->timestamp_flags & AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP))
    {
        time_of(poller, lane, view, &now);
        give6(poller, transport, view, &now);
    }
    else
    {
        give6(poller, transport, view, NULL);
    }
}

/* lane: that of the poll that saw the frame. */
static inline void deliver6(adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, view_t view)
{
    if (__builtin_expect(is_deaf_to(owner, view), 0))
    {
        adk_drop(lane, ADK_COUNT_RX_NO_ENDPOINT);
    }
    else if (__builtin_expect(adk_aeron_type(view) < owner->plain_types6, 1))
    {
        give6(poller, owner->transport, view, NULL);
    }
    else
    {
        const view_t copy = view;
        deliver6_selectively(poller, lane, owner, &copy);
    }
}

/* Not called for what we sent to ourselves: nobody else may use our address. */
static __rte_noinline __rte_unused void note_source6(adk_poller_t *poller, const view_t *view)
{
    const adk_stack6_t *stack6 = poller->stack->ipv6;
    const adk_ipv6_t source = source6_of(*view);

    if (ADK_LOCAL6_NONE == adk_locals6_state_of(&stack6->locals, source))
    {
        adk_source6_note(lane6_of(poller), source, ethernet_of(*view));
        adk_witness6_datagram(stack6, source, ethernet_of(*view));
    }
}

/* The lane that will answer remembers the MAC, whichever thread's poll saw the frame. */
static inline void deliver6_and_note(adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, view_t view)
{
    if (!adk_source6_is_known(lane6_of(poller), source6_of(view), ethernet_of(view)))
    {
        note_source6(poller, &view);
    }
    deliver6(poller, lane, owner, view);
}

#endif
