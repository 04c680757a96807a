/* Hot path: one payload and one header become a frame in an mbuf. */
#ifndef ADK_STACK_FRAME_H
#define ADK_STACK_FRAME_H

#include <sys/uio.h>

#include <rte_memcpy.h>

#include "stack/destination.h"

/* What a device must know to compute the checksums of our headers. */
#define ADK_TX_OFFLOAD (rte_mbuf_tx_offload(sizeof(struct rte_ether_hdr), sizeof(struct rte_ipv4_hdr), 0, 0, 0, 0, 0))

/*
 * Writes the header, with room for a payload, into an mbuf just taken from the pool. Such an mbuf has one segment and
 * one reference (rte_mbuf.h, rte_mbuf_raw_alloc()); the other fields that sending reads are set here.
 */
static __rte_always_inline adk_header_t *adk_frame_begin(
    const adk_destination_t *destination, struct rte_mbuf *mbuf, size_t payload_length)
{
    const uint16_t length = (uint16_t)(sizeof(adk_header_t) + payload_length);

    mbuf->data_off = RTE_PKTMBUF_HEADROOM;
    mbuf->ol_flags = 0;
    mbuf->data_len = length;
    mbuf->pkt_len = length;
    mbuf->tx_offload = ADK_TX_OFFLOAD;

    adk_header_t *header = rte_pktmbuf_mtod(mbuf, adk_header_t *);
    *header = destination->header;
    return header;
}

/* Header and payload, without lengths and checksums. */
static __rte_always_inline void adk_frame_fill(
    const adk_destination_t *destination, struct rte_mbuf *mbuf, const struct iovec *payload)
{
    adk_header_t *header = adk_frame_begin(destination, mbuf, payload->iov_len);
    rte_memcpy(header + 1, payload->iov_base, payload->iov_len);
}

/* Copies the payload and computes the UDP checksum in one pass, where the device does not compute it. */
static __rte_noinline __rte_unused void adk_frame_sum(
    const adk_destination_t *destination, adk_header_t *header, const struct iovec *payload)
{
    const uint16_t payload_sum = adk_checksum_copy(header + 1, payload->iov_base, payload->iov_len);
    header->udp.dgram_cksum = adk_checksum_udp_of(destination->pseudo_sum, &header->udp, payload_sum);
}

/* A complete frame; is_offloaded leaves to the device those checksums that it can compute. */
static __rte_always_inline void adk_frame_build(
    const adk_port_t *port,
    const adk_destination_t *destination,
    struct rte_mbuf *mbuf,
    const struct iovec *payload,
    bool is_offloaded)
{
    adk_header_t *header = adk_frame_begin(destination, mbuf, payload->iov_len);
    const uint16_t datagram_length = (uint16_t)(sizeof(struct rte_udp_hdr) + payload->iov_len);

    header->ipv4.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(struct rte_ipv4_hdr) + datagram_length));
    header->udp.dgram_len = rte_cpu_to_be_16(datagram_length);
    if (is_offloaded)
    {
        mbuf->ol_flags = port->tx_mbuf_flags;
    }
    if (!is_offloaded || !port->tx_ipv4_checksum)
    {
        header->ipv4.hdr_checksum = adk_checksum_ipv4_finish(destination->ipv4_sum, header->ipv4.total_length);
    }
    if (is_offloaded && port->tx_udp_checksum)
    {
        rte_memcpy(header + 1, payload->iov_base, payload->iov_len);
        /* The device starts from the pseudo header's sum (rte_mbuf_core.h, TX_UDP_CKSUM). */
        header->udp.dgram_cksum = adk_checksum_fold(destination->pseudo_sum + header->udp.dgram_len);
    }
    else
    {
        adk_frame_sum(destination, header, payload);
    }
}

#endif
