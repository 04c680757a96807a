/* The frames that two hosts exchange before and after a phase of the floor; Python makes and parses them. */
#include <errno.h>

#include "load/floor.h"
#include "load/thread.h"
#include "port/error.h"

void adk_floor_mac(const adk_floor_t *floor, uint8_t *mac)
{
    memcpy(mac, floor->port.mac, RTE_ETHER_ADDR_LEN);
}

uint32_t adk_floor_longest_message(const adk_floor_t *floor)
{
    const uint32_t datagram = RTE_ALIGN_FLOOR(
        (uint32_t)(floor->port.mtu - ADK_IPV4_UDP_HEADER_LENGTH), (uint32_t)ADK_FLOOR_DATA_ALIGNMENT);
    return datagram - ADK_FLOOR_DATA_HEADER_LENGTH;
}

void adk_floor_address(adk_floor_t *floor, const uint8_t *mac, uint32_t ipv4, uint16_t udp_port)
{
    memcpy(floor->peer_mac, mac, RTE_ETHER_ADDR_LEN);
    floor->peer_ipv4 = ipv4;
    floor->udp_port = udp_port;
}

/* NULL when none has come. Whole bursts are read, since some PMDs return nothing if asked for a single frame. */
static struct rte_mbuf *next_frame(adk_floor_t *floor)
{
    if (floor->waiting_next == floor->waiting_length)
    {
        floor->waiting_next = 0;
        floor->waiting_length = rte_eth_rx_burst(floor->port.id, 0, floor->waiting, (uint16_t)RTE_DIM(floor->waiting));
    }
    return floor->waiting_next < floor->waiting_length ? floor->waiting[floor->waiting_next++] : NULL;
}

int adk_floor_transmit_frame(adk_floor_t *floor, const uint8_t *bytes, uint32_t length)
{
    const int64_t deadline_ns = aeron_nano_clock() + ADK_LOAD_STALL_TIMEOUT_NS;
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(floor->port.tx_mempools[0]);
    char *data = NULL == mbuf || length > UINT16_MAX ? NULL : rte_pktmbuf_append(mbuf, (uint16_t)length);

    if (NULL == data)
    {
        rte_pktmbuf_free(mbuf);
        adk_set_error(ENOBUFS, "no mbuf for a frame of %u bytes", length);
        return -1;
    }
    memcpy(data, bytes, length);
    while (0 == rte_eth_tx_burst(floor->port.id, 0, &mbuf, 1))
    {
        if (adk_floor_check(floor, deadline_ns, "room to send") < 0)
        {
            rte_pktmbuf_free(mbuf);
            return -1;
        }
    }
    return 0;
}

int adk_floor_receive_frame(adk_floor_t *floor, uint8_t *bytes, uint32_t size)
{
    struct rte_mbuf *mbuf = next_frame(floor);

    if (NULL == mbuf)
    {
        return adk_floor_check(floor, INT64_MAX, "a frame");
    }
    const uint32_t length = RTE_MIN(rte_pktmbuf_pkt_len(mbuf), size);
    const void *read = rte_pktmbuf_read(mbuf, 0, length, bytes);
    if (read != bytes)
    {
        memcpy(bytes, read, length);
    }
    rte_pktmbuf_free(mbuf);
    return (int)length;
}
