/* Hot path: one payload and one header of IPv6 become a frame in an mbuf. See stack/frame.h. */
#ifndef ADK_STACK_IPV6_FRAME_H
#define ADK_STACK_IPV6_FRAME_H

#include <sys/uio.h>

#include <rte_memcpy.h>

#include "stack/ipv6/destination.h"

#define ADK_TX_OFFLOAD6 (rte_mbuf_tx_offload(sizeof(struct rte_ether_hdr), sizeof(struct rte_ipv6_hdr), 0, 0, 0, 0, 0))

/* The header, in an mbuf just taken from the pool. */
static __rte_always_inline adk_header6_t *adk_frame6_begin(
    const adk_destination6_t *destination, struct rte_mbuf *mbuf, size_t payload_length)
{
    const uint16_t length = (uint16_t)(sizeof(adk_header6_t) + payload_length);

    mbuf->data_off = RTE_PKTMBUF_HEADROOM;
    mbuf->ol_flags = 0;
    mbuf->data_len = length;
    mbuf->pkt_len = length;
    mbuf->tx_offload = ADK_TX_OFFLOAD6;

    adk_header6_t *header = rte_pktmbuf_mtod(mbuf, adk_header6_t *);
    *header = destination->header;
    return header;
}

/* Header and payload, without lengths and checksum. */
static __rte_always_inline void adk_frame6_fill(
    const adk_destination6_t *destination, struct rte_mbuf *mbuf, const struct iovec *payload)
{
    adk_header6_t *header = adk_frame6_begin(destination, mbuf, payload->iov_len);
    rte_memcpy(header + 1, payload->iov_base, payload->iov_len);
}

static __rte_always_inline void adk_frame6_build(
    const adk_port_t *port,
    const adk_destination6_t *destination,
    struct rte_mbuf *mbuf,
    const struct iovec *payload,
    bool is_offloaded)
{
    adk_header6_t *header = adk_frame6_begin(destination, mbuf, payload->iov_len);
    const uint16_t datagram_length = (uint16_t)(sizeof(struct rte_udp_hdr) + payload->iov_len);

    header->udp.dgram_len = rte_cpu_to_be_16(datagram_length);
    header->payload_length = header->udp.dgram_len;
    if (is_offloaded && port->tx_udp_checksum6)
    {
        rte_memcpy(header + 1, payload->iov_base, payload->iov_len);
        mbuf->ol_flags = RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM;
        header->udp.dgram_cksum = adk_checksum_fold(destination->pseudo_sum + header->udp.dgram_len);
    }
    else
    {
        const uint16_t payload_sum = adk_checksum_copy(header + 1, payload->iov_base, payload->iov_len);
        header->udp.dgram_cksum = adk_checksum_udp_of(destination->pseudo_sum, &header->udp, payload_sum);
    }
}

#endif
