#include "device.h"

#include <rte_debug.h>
#include <rte_ethdev.h>

#include "ways.h"

#define POOL_SIZE (2047)
#define BURST (64)

static void send_by_dpdk(device_t *device, struct rte_mbuf **frames, uint16_t count)
{
    if (count != rte_eth_tx_burst(device->port_id, 0, frames, count))
    {
        rte_panic("%s is full\n", device->name);
    }
}

static void send_into_ring(device_t *device, struct rte_mbuf **frames, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
    {
        for (struct rte_mbuf *segment = frames[i], *next; NULL != segment; segment = next)
        {
            const uint32_t slot = device->next++ % device->size;
            next = segment->next;
            if (NULL != device->segments[slot])
            {
                rte_pktmbuf_free_seg(device->segments[slot]);
            }
            device->segments[slot] = segment;
            device->descriptors[slot].address = rte_mbuf_data_iova(segment);
            device->descriptors[slot].length_and_flags = segment->data_len | (uint64_t)frames[i]->pkt_len << 32;
        }
    }
}

void device_open_ring(device_t *device, const char *name, uint32_t size)
{
    device->name = name;
    device->size = size;
    device->send = send_into_ring;
    device->peer_port_id = RTE_MAX_ETHPORTS;
}

static uint16_t open_port(const char *name, const char *arguments)
{
    static const struct rte_eth_conf configuration;
    uint16_t port_id;
    struct rte_mempool *pool = rte_pktmbuf_pool_create(
        name, POOL_SIZE, 0, 0, JUMBO_ROOM + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);

    if (0 != rte_eal_hotplug_add("vdev", name, arguments) ||
        0 != rte_eth_dev_get_port_by_name(name, &port_id) ||
        0 != rte_eth_dev_configure(port_id, 1, 1, &configuration) ||
        0 != rte_eth_rx_queue_setup(port_id, 0, DEVICE_DESCRIPTORS_MAX, 0, NULL, pool) ||
        0 != rte_eth_tx_queue_setup(port_id, 0, DEVICE_DESCRIPTORS_MAX, 0, NULL) ||
        0 != rte_eth_dev_start(port_id))
    {
        rte_panic("%s does not start\n", name);
    }
    return port_id;
}

void device_open_null(device_t *device)
{
    device->name = "net_null";
    device->send = send_by_dpdk;
    device->peer_port_id = RTE_MAX_ETHPORTS;
    device->port_id = open_port("net_null0", "");
}

void device_open_virtio(device_t *device)
{
    struct rte_eth_link link = { 0 };

    device->name = "net_virtio";
    device->send = send_by_dpdk;
    device->peer_port_id = open_port("net_vhost0", "iface=vhost.sock,queues=1");
    device->port_id = open_port("net_virtio_user0", "path=vhost.sock,queues=1,packed_vq=1,queue_size=1024");
    while (RTE_ETH_LINK_UP != link.link_status)
    {
        if (0 != rte_eth_link_get_nowait(device->peer_port_id, &link))
        {
            rte_panic("%s has no link\n", device->name);
        }
    }
}

void device_drain(const device_t *device)
{
    struct rte_mbuf *frames[BURST];
    uint16_t count = 1;

    while (RTE_MAX_ETHPORTS != device->peer_port_id && 0 != count)
    {
        count = rte_eth_rx_burst(device->peer_port_id, 0, frames, BURST);
        rte_pktmbuf_free_bulk(frames, count);
    }
}
