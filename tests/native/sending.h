/* What a test sends, and the frame that must result. */
#ifndef ADK_TESTS_SENDING_H
#define ADK_TESTS_SENDING_H

#include "ring_port.h"
#include "stack/tx.h"

typedef struct batch_stct
{
    struct iovec payloads[ADK_SEND_BURST_MAX];
    uint8_t bytes[ADK_SEND_BURST_MAX][2048];
    uint16_t count;
} batch_t;

/* count payloads of length bytes each; their first four bytes number them, from first on. */
static inline void batch_fill(batch_t *batch, uint16_t count, uint16_t length, uint32_t first)
{
    batch->count = count;
    for (uint16_t i = 0; i < count; i++)
    {
        uint8_t number[4];
        put32(number, first + i);
        for (uint32_t at = 0; at < length; at++)
        {
            batch->bytes[i][at] = at < sizeof(number) ? number[at] : payload_byte(at);
        }
        batch->payloads[i] = (struct iovec){ .iov_base = batch->bytes[i], .iov_len = length };
    }
}

static inline uint32_t number_of(const struct rte_mbuf *mbuf)
{
    const uint8_t *bytes = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, AT_PAYLOAD);
    return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

/* From LOCAL:LOCAL_PORT to ipv4:PEER_PORT. */
static inline adk_destination_t destination_of_test(const ring_port_t *port, uint32_t ipv4)
{
    adk_destination_t destination;
    memset(&destination, 0xa5, sizeof(destination));
    adk_destination_prepare(port->stack, &destination, LOCAL_PORT, ipv4, rte_cpu_to_be_16(PEER_PORT));
    return destination;
}

static inline int send_batch(
    const ring_port_t *port,
    enum adk_role_en role,
    adk_destination_t *destination,
    const batch_t *batch,
    int64_t *bytes)
{
    return adk_tx_send(port->stack, &port->stack->lanes[role], destination, batch->payloads, batch->count, bytes);
}

/* The frame that RFC 791 and RFC 768 require, with the checksums of frame.h. */
static inline frame_t frame_from_local(const uint8_t *mac, uint32_t ipv4, const struct iovec *payload)
{
    frame_t frame = frame_of((uint32_t)payload->iov_len);
    uint8_t *bytes = frame.bytes;

    memcpy(bytes + AT_DESTINATION_MAC, mac, 6);
    memcpy(bytes + AT_SOURCE_MAC, LOCAL_MAC, 6);
    put16(bytes + AT_FRAGMENT, 0x4000);
    put32(bytes + AT_SOURCE_IPV4, LOCAL_IPV4);
    put32(bytes + AT_DESTINATION_IPV4, ipv4);
    put16(bytes + AT_SOURCE_PORT, LOCAL_PORT);
    put16(bytes + AT_DESTINATION_PORT, PEER_PORT);
    memcpy(bytes + AT_PAYLOAD, payload->iov_base, payload->iov_len);
    seal(&frame);
    return frame;
}

#endif
