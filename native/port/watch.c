/* What a device has counted, what its driver has detected but not reported, and whether the device is still there. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_timer.h>

#include "port/share.h"

static void add_id(adk_port_xstats_t *xstats, uint16_t port_id, const char *direction, uint16_t queue, const char *name)
{
    char full_name[RTE_ETH_XSTATS_NAME_SIZE];

    (void)snprintf(full_name, sizeof(full_name), "%s_q%u_%s", direction, queue, name);
    if (xstats->length < ADK_PORT_XSTATS_MAX &&
        0 == rte_eth_xstats_get_id_by_name(port_id, full_name, &xstats->ids[xstats->length]))
    {
        xstats->length++;
    }
}

void adk_port_xstats_find(const adk_port_t *port, adk_port_xstats_t *xstats, const char *const *names)
{
    xstats->length = 0;
    for (; NULL != names && NULL != *names; names++)
    {
        for (uint16_t queue = 0; queue < port->rx_queues; queue++)
        {
            add_id(xstats, port->id, "rx", queue, *names);
        }
        for (uint16_t queue = 0; queue < port->tx_queues; queue++)
        {
            add_id(xstats, port->id, "tx", queue, *names);
        }
    }
}

uint64_t adk_port_xstats_sum(const adk_port_t *port, const adk_port_xstats_t *xstats)
{
    uint64_t values[ADK_PORT_XSTATS_MAX];
    uint64_t sum = 0;
    /* With no ids the call would ask for all statistics. */
    const int found = 0 == xstats->length ? 0 : rte_eth_xstats_get_by_id(port->id, xstats->ids, values, xstats->length);

    for (int i = 0; i < found; i++)
    {
        sum += values[i];
    }
    return sum;
}

uint64_t adk_port_missed(const adk_port_t *port)
{
    struct rte_eth_stats stats = { 0 };
    (void)rte_eth_stats_get(port->id, &stats);
    return stats.imissed + stats.rx_nombuf + adk_port_xstats_sum(port, &port->missed_xstats);
}

static bool is_server(const adk_port_t *port)
{
    struct rte_eth_dev_info info;
    const bool is_known = 0 == rte_eth_dev_info_get(port->id, &info) && NULL != rte_dev_devargs(info.device);
    const char *arguments = is_known ? rte_dev_devargs(info.device)->args : NULL;
    return NULL != arguments && (NULL != strstr(arguments, "role=server") || NULL != strstr(arguments, "role=master"));
}

/* Must be seen twice: after a start the link needs less than a second to come up. */
static bool has_lost_its_server(adk_port_t *port)
{
    struct rte_eth_link link;
    const bool was_down = port->was_link_down;

    port->was_link_down = 0 == rte_eth_link_get_nowait(port->id, &link) && RTE_ETH_LINK_DOWN == link.link_status;
    return was_down && port->was_link_down && !is_server(port);
}

void adk_port_watch(adk_port_t *port)
{
    if (adk_port_is_guest(port))
    {
        return;
    }
    (void)rte_timer_manage();
    adk_rx_clock_discipline(&port->rx_clock, port->id);

    const uint64_t faults = adk_port_xstats_sum(port, &port->fault_xstats);
    if (faults > port->faults_seen || (port->quirks->connects_when_started && has_lost_its_server(port)))
    {
        atomic_store_explicit(&port->is_reset_requested, true, memory_order_release);
    }
    port->faults_seen = faults;
}

/* A PCI device's name is its address, which exists until the device is pulled; under vfio the kernel waits for us. */
static bool is_on_pci(const adk_port_t *port)
{
    char place[sizeof("/sys/bus/pci/devices/") + RTE_ETH_NAME_MAX_LEN];
    (void)snprintf(place, sizeof(place), "/sys/bus/pci/devices/%s", port->name);
    return 0 == access(place, F_OK);
}

void adk_port_find_place(adk_port_t *port)
{
    port->has_place_on_pci = is_on_pci(port);
}

bool adk_port_is_gone(const adk_port_t *port)
{
    return port->has_place_on_pci && !is_on_pci(port);
}
