#include "transport/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "aeron_counters.h"
#include "concurrent/aeron_counters_manager.h"
#include "port/share.h"
#include "port/vlan.h"

/* Enough for the xstats of a NIC with a few queues; more would crowd the user's own counters out of the file. */
#define XSTATS_MAX (256)

/* Of one interface. */
typedef struct adk_interface_counters_stct
{
    const adk_stack_t *stack;
    char prefix[16];                  /* of labels: "dpdk-", for further interfaces "dpdk-1-" and so on */
    int32_t port_info;
    int32_t missed;
    int32_t rx_mempool;
    int32_t tx_mempool;
    int32_t counts[ADK_COUNT_SIZE];
    int32_t xstats_count;
    int32_t xstats[XSTATS_MAX];
    uint64_t xstat_ids[XSTATS_MAX];
    uint64_t xstat_values[XSTATS_MAX];
} adk_interface_counters_t;

struct adk_counters_stct
{
    aeron_counters_manager_t *manager;
    int length;
    adk_interface_counters_t interfaces[ADK_INTERFACES_MAX];
};

/* Upstream defines no type for most drop reasons: those use DPDK_ERROR and differ by label. */
static int32_t type_of(int count)
{
    switch (count)
    {
        case ADK_COUNT_RX_PACKETS:
        case ADK_COUNT_TX_PACKETS:
        case ADK_COUNT_LOOPBACK_PACKETS:
        case ADK_COUNT_RX_REASSEMBLED:
        case ADK_COUNT_TX_FRAGMENTED:
        case ADK_COUNT_RX_HANDED_OVER:
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
        case ADK_COUNT_NDP_FAILED:
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

static void open_xstats(adk_counters_t *counters, adk_interface_counters_t *interface)
{
    const uint16_t port_id = interface->stack->port.id;
    struct rte_eth_xstat_name names[XSTATS_MAX];
    const int available = rte_eth_xstats_get_names(port_id, NULL, 0);
    if (available <= 0 || available > XSTATS_MAX || rte_eth_xstats_get_names(port_id, names, XSTATS_MAX) != available)
    {
        return;
    }

    interface->xstats_count = available;
    for (int i = 0; i < available; i++)
    {
        interface->xstat_ids[i] = (uint64_t)i;
        interface->xstats[i] = adk_counters_allocate(
            counters, AERON_COUNTER_DPDK_EXTENDED_STATS_TYPE_ID, "%sxstat: %s", interface->prefix, names[i].name);
    }
}

static int open_counts(adk_counters_t *counters, adk_interface_counters_t *interface)
{
    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        const char *name = adk_count_name(i);
        interface->counts[i] = adk_counters_allocate(counters, type_of(i), "%s%s", interface->prefix, name);
        if (interface->counts[i] < 0)
        {
            AERON_APPEND_ERR("no room for counter %s%s; raise AERON_COUNTERS_BUFFER_LENGTH", interface->prefix, name);
            return -1;
        }
    }
    return 0;
}

/* The device's own counts, once for all interfaces that share it. */
static void open_device(adk_counters_t *counters, adk_interface_counters_t *interface)
{
    const char *prefix = interface->prefix;

    interface->missed = adk_counters_allocate(
        counters, AERON_COUNTER_DPDK_MISSED_PACKETS_TYPE_ID, "%srx-missed: the NIC found no free descriptor", prefix);
    interface->rx_mempool = adk_counters_allocate(
        counters, AERON_COUNTER_DPDK_MEMPOOL_AVAILABLE_TYPE_ID, "%smempool-available: rx", prefix);
    interface->tx_mempool = adk_counters_allocate(
        counters, AERON_COUNTER_DPDK_MEMPOOL_AVAILABLE_TYPE_ID, "%smempool-available: tx", prefix);
    open_xstats(counters, interface);
}

static int open_interface(adk_counters_t *counters, adk_interface_counters_t *interface, const adk_stack_t *stack)
{
    const adk_port_t *port = &stack->port;
    const char *prefix = interface->prefix;

    interface->stack = stack;
    (void)snprintf(
        interface->prefix, sizeof(interface->prefix), 0 == stack->index ? "dpdk-" : "dpdk-%u-", stack->index);
    if (open_counts(counters, interface) < 0)
    {
        return -1;
    }
    char vlan[16] = "";
    if (0 != port->vlan_tci)
    {
        (void)snprintf(vlan, sizeof(vlan), " vlan=%u", port->vlan_tci & ADK_VLAN_ID_MASK);
    }
    interface->port_info = adk_counters_allocate(
        counters,
        AERON_COUNTER_DPDK_PORT_INFO_TYPE_ID,
        "%sport-info: port=%u name=%s mac=%02x:%02x:%02x:%02x:%02x:%02x mtu=%u%s, value is link up",
        prefix,
        port->id,
        port->name,
        port->mac[0],
        port->mac[1],
        port->mac[2],
        port->mac[3],
        port->mac[4],
        port->mac[5],
        port->mtu,
        vlan);
    if (!adk_port_is_guest(port))
    {
        open_device(counters, interface);
    }
    return 0;
}

int adk_counters_open(adk_media_t *media, aeron_driver_context_t *context)
{
    adk_counters_t *counters = calloc(1, sizeof(*counters));
    if (NULL == counters)
    {
        AERON_SET_ERR(ENOMEM, "%s", "counters of the DPDK port");
        return -1;
    }

    counters->manager = context->counters_manager;
    for (const adk_stack_t *stack = media->stack; NULL != stack; stack = stack->next)
    {
        if (open_interface(counters, &counters->interfaces[counters->length++], stack) < 0)
        {
            free(counters);
            return -1;
        }
    }
    media->counters = counters;
    return 0;
}

void adk_counters_close(adk_media_t *media)
{
    free(media->counters);
    media->counters = NULL;
}

static void publish_device(adk_counters_t *counters, adk_interface_counters_t *interface)
{
    const adk_stack_t *stack = interface->stack;

    adk_counters_set(counters, interface->missed, (int64_t)adk_port_missed(&stack->port));
    adk_counters_set(counters, interface->rx_mempool, adk_port_mbufs_free(stack->port.rx_mempool));
    adk_counters_set(counters, interface->tx_mempool, adk_port_mbufs_free(stack->port.tx_mempools[0]));

    const int count = rte_eth_xstats_get_by_id(
        stack->port.id, interface->xstat_ids, interface->xstat_values, (unsigned int)interface->xstats_count);
    for (int i = 0; i < count && i < interface->xstats_count; i++)
    {
        adk_counters_set(counters, interface->xstats[i], (int64_t)interface->xstat_values[i]);
    }
}

static void publish(adk_counters_t *counters, adk_interface_counters_t *interface)
{
    const adk_stack_t *stack = interface->stack;
    adk_link_t link;

    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        adk_counters_set(counters, interface->counts[i], (int64_t)adk_count_value(stack, i));
    }
    if (0 == adk_port_link(&stack->port, &link))
    {
        adk_counters_set(counters, interface->port_info, link.is_up);
    }
    if (!adk_port_is_guest(&stack->port))
    {
        publish_device(counters, interface);
    }
}

void adk_counters_publish(adk_media_t *media)
{
    adk_counters_t *counters = media->counters;
    for (int i = 0; i < counters->length; i++)
    {
        publish(counters, &counters->interfaces[i]);
    }
}
