/* Opening the floor, sending a burst, and receiving one. */
#include "load/floor.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_lcore.h>

#include "load/thread.h"
#include "port/error.h"

/* Frames of our own that wait nowhere but in the device. */
#define ADK_FLOOR_EXTRA_MBUFS (2 * ADK_FLOOR_BURST_LENGTH)
#define ADK_FLOOR_HELLO_PERIOD_NS (INT64_C(10000000))
#define ADK_FLOOR_END_REPEATS (50)
/* Unless adk_floor_address() has set another one. */
#define ADK_FLOOR_UDP_PORT (20121)

adk_floor_t *adk_floor_open(const adk_settings_t *settings, uint8_t touches)
{
    adk_floor_t *floor = calloc(1, sizeof(*floor));

    if (NULL == floor)
    {
        adk_set_error(ENOMEM, "no memory for the floor");
        return NULL;
    }
    if (adk_port_open(&floor->port, settings, ADK_FLOOR_EXTRA_MBUFS, NULL) < 0)
    {
        free(floor);
        return NULL;
    }

    floor->touches = touches;
    floor->udp_port = ADK_FLOOR_UDP_PORT;
    memset(floor->peer_mac, 0xff, sizeof(floor->peer_mac));
    return floor;
}

int adk_floor_begin(adk_floor_t *floor, int cpu)
{
    (void)floor;
    /* Without an lcore id a thread has no mempool cache. */
    if (LCORE_ID_ANY == rte_lcore_id())
    {
        (void)rte_thread_register();
    }

    return adk_load_pin(cpu);
}

/* Frees the frames that adk_floor_receive_frame() has not returned. */
static void drop_waiting(adk_floor_t *floor)
{
    rte_pktmbuf_free_bulk(
        floor->waiting + floor->waiting_next, (unsigned int)(floor->waiting_length - floor->waiting_next));
    floor->waiting_next = 0;
    floor->waiting_length = 0;
}

void adk_floor_close(adk_floor_t *floor)
{
    if (NULL != floor)
    {
        drop_waiting(floor);
        adk_port_close(&floor->port);
        free(floor);
    }
}

void adk_floor_stop(adk_floor_t *floor)
{
    atomic_store_explicit(&floor->is_stopping, true, memory_order_relaxed);
}

int adk_floor_check(const adk_floor_t *floor, int64_t deadline_ns, const char *awaited)
{
    if (atomic_load_explicit(&floor->is_stopping, memory_order_relaxed))
    {
        adk_set_error(ECANCELED, "the load was stopped");
        return -1;
    }
    if (aeron_nano_clock() > deadline_ns)
    {
        adk_set_error(
            ETIMEDOUT, "gave up after %d s of waiting for %s", (int)(ADK_LOAD_STALL_TIMEOUT_NS / 1000000000), awaited);
        return -1;
    }

    return 0;
}

void adk_floor_begin_phase(adk_floor_t *floor, const adk_load_phase_t *phase)
{
    adk_header_t *header = &floor->head.header;
    const uint16_t length = (uint16_t)RTE_ALIGN_CEIL(
        ADK_FLOOR_DATA_HEADER_LENGTH + phase->message_length, ADK_FLOOR_DATA_ALIGNMENT);

    drop_waiting(floor);
    floor->message_length = phase->message_length;
    floor->frame_length = (uint16_t)(sizeof(*header) + length);
    memset(&floor->head, 0, sizeof(floor->head));
    adk_header_init(
        header, floor->port.mac, floor->port.settings.local_ipv4, floor->udp_port, floor->peer_ipv4, floor->udp_port);
    memcpy(header->ethernet.dst_addr.addr_bytes, floor->peer_mac, RTE_ETHER_ADDR_LEN);
    header->ipv4.total_length = rte_cpu_to_be_16((uint16_t)(ADK_IPV4_UDP_HEADER_LENGTH + length));
    header->ipv4.hdr_checksum = rte_ipv4_cksum(&header->ipv4);
    /* RFC 768: zero means that there is no checksum. */
    header->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(header->udp) + length));
    floor->head.stream_id = phase->stream_id;
}

static inline void write_payload(const adk_floor_t *floor, uint8_t *payload, int64_t sequence)
{
    if (floor->touches)
    {
        adk_message_fill(payload, floor->message_length, sequence);
    }
    else
    {
        adk_message_write(payload, floor->message_length, sequence);
    }
}

static inline int64_t read_payload(const adk_floor_t *floor, const uint8_t *payload)
{
    return floor->touches ? adk_message_filled_sequence(payload, floor->message_length)
                          : adk_message_sequence(payload, floor->message_length);
}

int adk_floor_transmit(adk_floor_t *floor, int64_t sequence, uint16_t count, int64_t deadline_ns)
{
    struct rte_mbuf *burst[ADK_FLOOR_BURST_LENGTH];
    uint16_t sent = 0;

    for (uint32_t tries = 1; 0 != rte_pktmbuf_alloc_bulk(floor->port.tx_mempools[0], burst, count); tries++)
    {
        /* All mbufs are still in the device; a memif frees those it has sent only when it is given more to send. */
        (void)rte_eth_tx_burst(floor->port.id, 0, burst, 0);
        if (0 == tries % ADK_LOAD_TURNS_PER_STALL_CHECK && adk_floor_check(floor, deadline_ns, "an mbuf") < 0)
        {
            return -1;
        }
    }
    for (uint16_t i = 0; i < count; i++)
    {
        adk_frame_t *frame = rte_pktmbuf_mtod(burst[i], adk_frame_t *);
        *frame = floor->head;
        write_payload(floor, (uint8_t *)(frame + 1), ADK_MESSAGE_END == sequence ? ADK_MESSAGE_END : sequence + i);
        burst[i]->data_len = floor->frame_length;
        burst[i]->pkt_len = floor->frame_length;
    }

    for (uint32_t tries = 1; sent < count; tries++)
    {
        sent = (uint16_t)(sent + rte_eth_tx_burst(floor->port.id, 0, burst + sent, (uint16_t)(count - sent)));
        if (0 == tries % ADK_LOAD_TURNS_PER_STALL_CHECK && adk_floor_check(floor, deadline_ns, "room to send") < 0)
        {
            rte_pktmbuf_free_bulk(burst + sent, (unsigned int)(count - sent));
            return -1;
        }
    }

    return 0;
}

uint16_t adk_floor_receive_burst(adk_floor_t *floor, int64_t *sequences)
{
    struct rte_mbuf *burst[ADK_FLOOR_BURST_LENGTH];
    const uint16_t count = rte_eth_rx_burst(floor->port.id, 0, burst, ADK_FLOOR_BURST_LENGTH);
    uint16_t found = 0;

    for (uint16_t i = 0; i < count; i++)
    {
        const adk_frame_t *frame = rte_pktmbuf_mtod(burst[i], const adk_frame_t *);

        /* A kernel at the other end of a veth pair sends frames of its own, too. */
        if (burst[i]->data_len >= floor->frame_length &&
            floor->head.header.ethernet.ether_type == frame->header.ethernet.ether_type &&
            floor->head.header.udp.dst_port == frame->header.udp.dst_port &&
            floor->head.stream_id == frame->stream_id)
        {
            memcpy(&floor->head.header.ethernet.dst_addr, &frame->header.ethernet.src_addr, RTE_ETHER_ADDR_LEN);
            sequences[found++] = read_payload(floor, (const uint8_t *)(frame + 1));
        }
    }

    rte_pktmbuf_free_bulk(burst, count);
    return found;
}

/* Sends sequence repeatedly, until the peer has echoed it or the attempts are used up. */
static int call(adk_floor_t *floor, int64_t sequence, int repeats)
{
    const int64_t deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;
    int64_t sequences[ADK_FLOOR_BURST_LENGTH];

    for (int i = 0; i < repeats; i++)
    {
        const int64_t again_ns = aeron_nano_clock() + ADK_FLOOR_HELLO_PERIOD_NS;

        if (adk_floor_check(floor, deadline_ns, "the other side") < 0 ||
            adk_floor_transmit(floor, sequence, 1, deadline_ns) < 0)
        {
            return -1;
        }
        while (aeron_nano_clock() < again_ns)
        {
            const uint16_t count = adk_floor_receive_burst(floor, sequences);
            if (count > 0 && sequence == sequences[count - 1])
            {
                return 0;
            }
        }
    }

    return 0;
}

int adk_floor_connect(adk_floor_t *floor)
{
    return call(floor, ADK_FLOOR_HELLO, INT32_MAX);
}

int adk_floor_end(adk_floor_t *floor)
{
    return call(floor, ADK_MESSAGE_END, ADK_FLOOR_END_REPEATS);
}
