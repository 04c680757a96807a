/*
 * Frames of the lengths that Aeron sends, over a port that is opened as the stack opens it, but without Aeron, and with
 * a header that is made once for each phase: it is stored, a number is written to both ends of the payload, and the
 * receiver reads both. One that touches payloads also writes and reads what lies between, as a program with something
 * to send must.
 */
#ifndef ADK_LOAD_FLOOR_H
#define ADK_LOAD_FLOOR_H

#include <stdatomic.h>

#include "load/histogram.h"
#include "load/load.h"
#include "load/message.h"
#include "port/port.h"
#include "wire/header.h"

/* What Aeron sends in one burst at most; half a receive burst. */
#define ADK_FLOOR_BURST_LENGTH (32)
/* Aeron's data frame (aeron_udp_protocol.h) has 32 bytes of header, and its length is a multiple of 32. */
#define ADK_FLOOR_DATA_HEADER_LENGTH (32)
#define ADK_FLOOR_DATA_ALIGNMENT (32)
#define ADK_FLOOR_HELLO (0)

typedef struct adk_frame_stct
{
    adk_header_t header;
    int32_t stream_id;
    uint8_t rest[ADK_FLOOR_DATA_HEADER_LENGTH - sizeof(int32_t)];
} __attribute__((packed, aligned(2))) adk_frame_t;

static_assert(
    sizeof(adk_header_t) + ADK_FLOOR_DATA_HEADER_LENGTH == sizeof(adk_frame_t), "the payload is where Aeron's is");

struct adk_floor_stct
{
    adk_port_t port;
    adk_frame_t head;                 /* of every frame we send; its destination is the peer last heard */
    uint8_t peer_mac[RTE_ETHER_ADDR_LEN]; /* until one is heard */
    uint32_t peer_ipv4;               /* 0: nobody looks at it */
    uint16_t udp_port;                /* of both sides */
    struct rte_mbuf *waiting[ADK_FLOOR_BURST_LENGTH]; /* received, and not yet asked for one by one */
    uint16_t waiting_length;
    uint16_t waiting_next;
    size_t message_length;
    uint16_t frame_length;
    bool touches;
    atomic_bool is_stopping;
};

void adk_floor_begin_phase(adk_floor_t *floor, const adk_load_phase_t *phase);
/* 0, or -1 when deadline_ns has passed or somebody called adk_floor_stop(). */
int adk_floor_check(const adk_floor_t *floor, int64_t deadline_ns, const char *awaited);
/* count frames, numbered from sequence on, all of them; turns until there is room. */
int adk_floor_transmit(adk_floor_t *floor, int64_t sequence, uint16_t count, int64_t deadline_ns);
/* The sequence numbers of what came; at most ADK_FLOOR_BURST_LENGTH. */
uint16_t adk_floor_receive_burst(adk_floor_t *floor, int64_t *sequences);
/* The client's hello, until the other side has said it back. */
int adk_floor_connect(adk_floor_t *floor);
/* The client's end, until the other side has said it back or has gone. */
int adk_floor_end(adk_floor_t *floor);

#endif
