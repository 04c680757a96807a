/*
 * The floor: the least that the link and DPDK take. It sends frames of the same lengths as Aeron's, over a port that is
 * opened as the stack opens it, but without Aeron. The header is made once for each phase; for each frame it is copied,
 * and a number is written to both ends of the payload, which the receiver reads. A floor that touches payloads also
 * writes and reads all the bytes in between, as a program with something to send must.
 */
#ifndef ADK_LOAD_FLOOR_H
#define ADK_LOAD_FLOOR_H

#include <stdatomic.h>

#include "load/histogram.h"
#include "load/load.h"
#include "load/message.h"
#include "port/port.h"
#include "wire/header.h"

/* As many frames as the stack receives in one burst, twice what Aeron sends in one. */
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
    adk_frame_t head;                 /* of every frame we send; to the peer that was heard last */
    uint8_t peer_mac[RTE_ETHER_ADDR_LEN]; /* until a peer is heard */
    uint32_t peer_ipv4;               /* 0: nobody reads it */
    uint16_t udp_port;                /* of both sides */
    struct rte_mbuf *waiting[ADK_FLOOR_BURST_LENGTH]; /* received, and not yet returned by adk_floor_receive_frame() */
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
/* Sends count frames, numbered from sequence on, and waits until there is room for all of them. */
int adk_floor_transmit(adk_floor_t *floor, int64_t sequence, uint16_t count, int64_t deadline_ns);
/* Writes the sequence numbers of the frames received, at most ADK_FLOOR_BURST_LENGTH; returns how many. */
uint16_t adk_floor_receive_burst(adk_floor_t *floor, int64_t *sequences);
/* Sends the client's hello until the server has echoed it. */
int adk_floor_connect(adk_floor_t *floor);
/* Sends the client's end message until the server has echoed it or is gone. */
int adk_floor_end(adk_floor_t *floor);

#endif
