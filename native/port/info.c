#include <stdio.h>
#include <string.h>

#include "port/error.h"
#include "port/port.h"

int adk_port_info(const adk_port_t *port, adk_port_info_t *info)
{
    struct rte_eth_dev_info device;
    const int result = rte_eth_dev_info_get(port->id, &device);
    if (result < 0)
    {
        adk_set_error(-result, "%s: rte_eth_dev_info_get: %s", port->name, rte_strerror(-result));
        return -1;
    }

    *info = (adk_port_info_t){
        .mtu = port->mtu,
        .rx_queues = port->rx_queues,
        .tx_queues = port->tx_queues,
        .rx_queue_size = port->rx_queue_size,
        .tx_queue_size = port->tx_queue_size,
        .socket_id = rte_eth_dev_socket_id(port->id),
        .rx_checksum_offload = port->rx_checksum,
        .tx_ipv4_checksum_offload = port->tx_ipv4_checksum,
        .tx_udp_checksum_offload = port->tx_udp_checksum,
        .steered = NULL != port->steering,
        .hashed = NULL != port->rss,
        .rx_timestamps = 0 != port->rx_clock.flag,
        .vlan_tci = port->vlan_tci,
        .rx_vlan_offload = port->rx_vlan_strip,
        .tx_vlan_offload = port->tx_vlan_insert,
    };
    (void)snprintf(info->name, sizeof(info->name), "%s", port->name);
    (void)snprintf(info->driver, sizeof(info->driver), "%s", device.driver_name);
    memcpy(info->mac, port->mac, sizeof(info->mac));
    return 0;
}

int adk_port_link(const adk_port_t *port, adk_link_t *link)
{
    struct rte_eth_link state = { 0 };
    const int result = rte_eth_link_get_nowait(port->id, &state);
    if (result < 0)
    {
        adk_set_error(-result, "%s: rte_eth_link_get_nowait: %s", port->name, rte_strerror(-result));
        return -1;
    }

    link->is_up = state.link_status;
    link->is_full_duplex = state.link_duplex;
    link->speed_mbps = RTE_ETH_SPEED_NUM_UNKNOWN == state.link_speed ? 0 : state.link_speed;
    return 0;
}
