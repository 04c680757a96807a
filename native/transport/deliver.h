/* Hot path: passes one datagram to Aeron's receive function, or to the other thread. */
#ifndef ADK_TRANSPORT_DELIVER_H
#define ADK_TRANSPORT_DELIVER_H

#include "stack/witness.h"
#include "transport/guard.h"
#include "transport/view.h"

/* Here and below, lane is that of the poll that saw the frame. */
static __rte_always_inline void give(
    adk_poller_t *poller,
    adk_lane_t *lane,
    aeron_udp_channel_transport_t *transport,
    view_t view,
    struct timespec *media_timestamp)
{
    struct sockaddr_storage *address = &lane->source_address;
    struct sockaddr_in *source = (struct sockaddr_in *)address;

    source->sin_port = udp_of(view)->src_port;
    source->sin_addr.s_addr = ipv4_of(view)->src_addr;
    give_from(poller, transport, view, address, media_timestamp);
}

/* A connected kernel socket ignores datagrams from other peers too. */
static inline bool is_stranger(const adk_transport_t *owner, view_t view)
{
    return 0 != owner->connected_ipv4_be &&
        (owner->connected_ipv4_be != ipv4_of(view)->src_addr || owner->connected_port_be != udp_of(view)->src_port);
}

/* For transports that accept only some peers or want time stamps, and for frames of Aeron's other than data. */
static __rte_noinline __rte_unused void deliver_selectively(
    adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, const view_t *datagram)
{
    aeron_udp_channel_transport_t *transport = owner->transport;
    struct timespec time;

    if (NULL != owner->heard[lane->role])
    {
        adk_resolver_hear(lane, owner, datagram);
        return;
    }
    const view_t view = adk_guarded(owner, *datagram);
    if (owner->is_ipv6)
    {
        adk_deliver_mapped(poller, lane, owner, &view);
    }
    else if (is_stranger(owner, view))
    {
        adk_drop(lane, ADK_COUNT_RX_NO_ENDPOINT);
    }
    else if (0 != (transport->timestamp_flags & AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP))
    {
        time_of(poller, lane, view, &time);
        give(poller, lane, transport, view, &time);
    }
    else
    {
        give(poller, lane, transport, view, NULL);
    }
}

static __rte_always_inline void deliver(
    adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, view_t view)
{
    if (__builtin_expect(adk_aeron_type(view) < owner->plain_types, 1))
    {
        give(poller, lane, owner->transport, view, NULL);
    }
    else
    {
        const view_t copy = view;
        deliver_selectively(poller, lane, owner, &copy);
    }
}

static inline bool knows_source(adk_lane_t *lane, view_t view)
{
    return adk_lane_knows_source(lane, ipv4_of(view)->src_addr, ethernet_of(view));
}

/* Not called for what we sent to ourselves: nobody else may use our address. */
static __rte_noinline __rte_unused void note_source(adk_poller_t *poller, const view_t *view)
{
    const rte_be32_t source_ipv4_be = ipv4_of(*view)->src_addr;
    if (poller->stack->local.ipv4_be != source_ipv4_be)
    {
        adk_lane_note_source(poller->lane, source_ipv4_be, ethernet_of(*view));
        adk_witness_datagram(poller->stack, rte_be_to_cpu_32(source_ipv4_be), ethernet_of(*view));
    }
}

/* The lane that will answer remembers the MAC, whichever thread's poll saw the frame. */
static inline void deliver_and_note(adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, view_t view)
{
    if (!knows_source(poller->lane, view))
    {
        note_source(poller, &view);
    }
    deliver(poller, lane, owner, view);
}

/* A datagram for the other role. True when we no longer own the mbuf. */
static inline bool hand_off(adk_poller_t *poller, struct rte_mbuf *mbuf, view_t view)
{
    adk_lane_t *lane = poller->lane;
    const enum adk_role_en consumer = ADK_ROLE_SENDER == lane->role ? ADK_ROLE_RECEIVER : ADK_ROLE_SENDER;
    adk_note_t *note = adk_mbuf_note(mbuf);

    note->payload_offset = (uint16_t)view.payload_offset;
    note->payload_length = (uint16_t)view.payload_length;
    if (0 != rte_ring_sp_enqueue(poller->stack->lanes[consumer].inbox[lane->role], mbuf))
    {
        adk_drop(lane, ADK_COUNT_HANDOFF_FULL);
        return false;
    }
    adk_count(lane, ADK_COUNT_RX_HANDED_OVER, 1);
    return true;
}

/* The other role's poller, if it runs on this thread and has been polled at least once. */
static inline adk_poller_t *ready_sibling(const adk_poller_t *poller)
{
    return NULL != poller->sibling && NULL != poller->sibling->recv_func ? poller->sibling : NULL;
}

#endif
