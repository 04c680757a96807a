/* IPv4 peers of a transport that is bound to [::]: Aeron sees them as ::ffff:a.b.c.d (RFC 3493 §3.7). */
#include "transport/view.h"

void adk_deliver_mapped(adk_poller_t *poller, adk_lane_t *lane, const adk_transport_t *owner, const view_t *datagram)
{
    const view_t view = *datagram;
    aeron_udp_channel_transport_t *transport = owner->transport;
    struct sockaddr_storage address = { .ss_family = AF_INET6 };
    struct sockaddr_in6 *source = (struct sockaddr_in6 *)&address;
    const bool wants_timestamp = 0 != (transport->timestamp_flags & AERON_UDP_CHANNEL_TRANSPORT_MEDIA_RCV_TIMESTAMP);
    struct timespec now;

    if (!adk_ipv6_is_unspecified(owner->connected6))
    {
        adk_drop(lane, ADK_COUNT_RX_NO_ENDPOINT);
        return;
    }
    if (wants_timestamp)
    {
        time_of(poller, lane, view, &now);
    }
    source->sin6_port = udp_of(view)->src_port;
    source->sin6_addr.s6_addr[10] = 0xff;
    source->sin6_addr.s6_addr[11] = 0xff;
    memcpy(&source->sin6_addr.s6_addr[12], &ipv4_of(view)->src_addr, sizeof(rte_be32_t));
    give_from(poller, transport, view, &address, wants_timestamp ? &now : NULL);
}
