#include "transport/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "aeron_counters.h"
#include "concurrent/aeron_counters_manager.h"

/* The xstats of a NIC with a few queues; more would crowd the user's own counters out of the file. */
#define XSTATS_MAX (256)

struct adk_counters_stct
{
    aeron_counters_manager_t *manager;
    int32_t port_info;
    int32_t missed;
    int32_t rx_mempool;
    int32_t tx_mempool;
    int32_t counts[ADK_COUNT_SIZE];
    int32_t xstats_count;
    int32_t xstats[XSTATS_MAX];
    uint64_t xstat_ids[XSTATS_MAX];
    uint64_t xstat_values[XSTATS_MAX];
};

/* Upstream names no type for most drop reasons: those are DPDK_ERROR, told apart by their labels. */
static int32_t type_of(int count)
{
    switch (count)
    {
        case ADK_COUNT_RX_PACKETS:
        case ADK_COUNT_TX_PACKETS:
        case ADK_COUNT_LOOPBACK_PACKETS:
        case ADK_COUNT_RX_REASSEMBLED:
        case ADK_COUNT_TX_FRAGMENTED:
            return AERON_COUNTER_DPDK_PKTS_TYPE_ID;
        case ADK_COUNT_RX_BYTES:
        case ADK_COUNT_TX_BYTES:
            return AERON_COUNTER_DPDK_BYTES_TYPE_ID;
        case ADK_COUNT_RX_ETHERTYPE:
            return AERON_COUNTER_DPDK_RX_UNSUPPORTED_ETHERNET_TYPE_TYPE_ID;
        case ADK_COUNT_RX_PROTOCOL:
            return AERON_COUNTER_DPDK_RX_UNSUPPORTED_PROTOCOL_TYPE_ID;
        case ADK_COUNT_RX_IPV4_CHECKSUM:
        case ADK_COUNT_RX_UDP_CHECKSUM:
            return AERON_COUNTER_DPDK_CHECKSUM_FAILURE_TYPE_ID;
        case ADK_COUNT_RX_FRAGMENT:
            return AERON_COUNTER_DPDK_FRAGMENTED_PACKETS_TYPE_ID;
        case ADK_COUNT_RX_SENDER_DISCARD:
            return AERON_COUNTER_DPDK_RX_SENDER_DISCARD_TYPE_ID;
        case ADK_COUNT_RX_NO_ENDPOINT:
            return AERON_COUNTER_DPDK_RX_RECEIVER_DISCARD_TYPE_ID;
        case ADK_COUNT_HANDOFF_FULL:
        case ADK_COUNT_LOOPBACK_FULL:
        case ADK_COUNT_CONTROL_FULL:
        case ADK_COUNT_CONTROL_TX_FULL:
            return AERON_COUNTER_DPDK_QUEUE_DROP_COUNT_TYPE_ID;
        case ADK_COUNT_TX_NOBUFS:
            return AERON_COUNTER_DPDK_NOBUFS_TYPE_ID;
        case ADK_COUNT_TX_EAGAIN:
            return AERON_COUNTER_DPDK_TX_EAGAIN_TYPE_ID;
        case ADK_COUNT_TX_UNRESOLVED:
        case ADK_COUNT_ARP_FAILED:
        case ADK_COUNT_PARKED_DROPPED:
            return AERON_COUNTER_DPDK_ARP_MISS_TYPE_ID;
        default:
            return AERON_COUNTER_DPDK_ERROR_TYPE_ID;
    }
}

int32_t adk_counters_allocate(adk_counters_t *counters, int32_t type_id, const char *label_format, ...)
{
    char label[256];
    va_list arguments;

    va_start(arguments, label_format);
    const int length = vsnprintf(label, sizeof(label), label_format, arguments);
    va_end(arguments);
    return aeron_counters_manager_allocate(
        counters->manager, type_id, NULL, 0, label, length < (int)sizeof(label) ? (size_t)length : sizeof(label) - 1);
}

void adk_counters_free(adk_counters_t *counters, int32_t counter_id)
{
    if (counter_id >= 0)
    {
        (void)aeron_counters_manager_free(counters->manager, counter_id);
    }
}

void adk_counters_set(adk_counters_t *counters, int32_t counter_id, int64_t value)
{
    if (counter_id >= 0)
    {
        aeron_counter_set_release(aeron_counters_manager_addr(counters->manager, counter_id), value);
    }
}

static void open_xstats(adk_counters_t *counters, uint16_t port_id)
{
    struct rte_eth_xstat_name names[XSTATS_MAX];
    const int available = rte_eth_xstats_get_names(port_id, NULL, 0);
    if (available <= 0 || available > XSTATS_MAX || rte_eth_xstats_get_names(port_id, names, XSTATS_MAX) != available)
    {
        return;
    }

    counters->xstats_count = available;
    for (int i = 0; i < available; i++)
    {
        counters->xstat_ids[i] = (uint64_t)i;
        counters->xstats[i] = adk_counters_allocate(
            counters, AERON_COUNTER_DPDK_EXTENDED_STATS_TYPE_ID, "dpdk-xstat: %s", names[i].name);
    }
}

static int open_counts(adk_counters_t *counters)
{
    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        counters->counts[i] = adk_counters_allocate(counters, type_of(i), "dpdk-%s", adk_count_name(i));
        if (counters->counts[i] < 0)
        {
            AERON_APPEND_ERR("no room for counter dpdk-%s; raise AERON_COUNTERS_BUFFER_LENGTH", adk_count_name(i));
            return -1;
        }
    }
    return 0;
}

int adk_counters_open(adk_media_t *media, aeron_driver_context_t *context)
{
    const adk_port_t *port = &media->stack->port;
    adk_counters_t *counters = calloc(1, sizeof(*counters));
    if (NULL == counters)
    {
        AERON_SET_ERR(ENOMEM, "%s", "counters of the DPDK port");
        return -1;
    }

    counters->manager = context->counters_manager;
    if (open_counts(counters) < 0)
    {
        free(counters);
        return -1;
    }
    counters->port_info = adk_counters_allocate(
        counters,
        AERON_COUNTER_DPDK_PORT_INFO_TYPE_ID,
        "dpdk-port-info: port=%u name=%s mac=%02x:%02x:%02x:%02x:%02x:%02x mtu=%u, value is link up",
        port->id,
        port->name,
        port->mac[0],
        port->mac[1],
        port->mac[2],
        port->mac[3],
        port->mac[4],
        port->mac[5],
        port->mtu);
    counters->missed = adk_counters_allocate(
        counters, AERON_COUNTER_DPDK_MISSED_PACKETS_TYPE_ID, "dpdk-rx-missed: the NIC found no free descriptor");
    counters->rx_mempool = adk_counters_allocate(
        counters, AERON_COUNTER_DPDK_MEMPOOL_AVAILABLE_TYPE_ID, "dpdk-mempool-available: rx");
    counters->tx_mempool = adk_counters_allocate(
        counters, AERON_COUNTER_DPDK_MEMPOOL_AVAILABLE_TYPE_ID, "dpdk-mempool-available: tx");
    open_xstats(counters, port->id);
    media->counters = counters;
    return 0;
}

void adk_counters_close(adk_media_t *media)
{
    free(media->counters);
    media->counters = NULL;
}

void adk_counters_publish(adk_media_t *media)
{
    adk_counters_t *counters = media->counters;
    adk_stack_t *stack = media->stack;
    adk_link_t link;

    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        adk_counters_set(counters, counters->counts[i], (int64_t)adk_count_value(stack, i));
    }
    adk_counters_set(counters, counters->missed, (int64_t)adk_port_missed(&stack->port));
    if (0 == adk_port_link(&stack->port, &link))
    {
        adk_counters_set(counters, counters->port_info, link.is_up);
    }
    adk_counters_set(counters, counters->rx_mempool, rte_mempool_avail_count(stack->port.rx_mempool));
    adk_counters_set(counters, counters->tx_mempool, rte_mempool_avail_count(stack->port.tx_mempools[0]));

    const int count = rte_eth_xstats_get_by_id(
        stack->port.id, counters->xstat_ids, counters->xstat_values, (unsigned int)counters->xstats_count);
    for (int i = 0; i < count && i < counters->xstats_count; i++)
    {
        adk_counters_set(counters, counters->xstats[i], (int64_t)counters->xstat_values[i]);
    }
}
