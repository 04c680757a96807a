#include "port/port.h"

#include <errno.h>
#include <string.h>

#include "port/error.h"
#include "port/multicast.h"
#include "port/rss.h"
#include "port/share.h"
#include "port/steering.h"
#include "port/vlan.h"

static bool forbids_cleanup;

bool adk_port_forbids_cleanup(void)
{
    return forbids_cleanup;
}

static int on_reset_event(uint16_t port_id, enum rte_eth_event_type event, void *clientd, void *result)
{
    (void)port_id;
    (void)event;
    (void)result;
    adk_port_t *port = clientd;
    atomic_store_explicit(&port->is_reset_requested, true, memory_order_release);
    if (NULL != port->wakeup)
    {
        adk_wakeup_give(port->wakeup);
    }
    return 0;
}

/* vfio repeats its request; with igb_uio and uio_pci_generic there is none (DPDK, pci_hot_unplug_handler()). */
static void on_removal(const char *device_name, enum rte_dev_event_type event, void *clientd)
{
    (void)device_name;
    adk_port_t *port = clientd;
    if (RTE_DEV_EVENT_REMOVE == event)
    {
        atomic_store_explicit(&port->is_removal_requested, true, memory_order_release);
    }
}

static int device_info(adk_port_t *port, struct rte_eth_dev_info *info)
{
    if (!rte_eth_dev_is_valid_port(port->id))
    {
        adk_set_error(
            ENODEV,
            "DPDK port %u does not exist: EAL found %u port(s); bind a NIC to vfio-pci (or give --vdev) and choose it "
            "with AERON_DPDK_PORT_ID",
            port->id,
            rte_eth_dev_count_avail());
        return -1;
    }

    const int result = rte_eth_dev_info_get(port->id, info);
    if (result < 0)
    {
        adk_set_error(-result, "port %u: rte_eth_dev_info_get: %s", port->id, rte_strerror(-result));
        return -1;
    }
    (void)rte_eth_dev_get_name_by_port(port->id, port->name);
    port->quirks = adk_quirks_of(info->driver_name);
    adk_port_find_place(port);
    return 0;
}

static uint16_t least(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

static uint16_t greatest(uint16_t a, uint16_t b)
{
    return a > b ? a : b;
}

static int choose_mtu(adk_port_t *port, const struct rte_eth_dev_info *info)
{
    const uint16_t mtu_max = least(info->max_mtu, ADK_PORT_MTU_MAX);

    if (0 == port->settings.mtu)
    {
        const int result = rte_eth_dev_get_mtu(port->id, &port->mtu);
        if (result < 0)
        {
            adk_set_error(-result, "%s: rte_eth_dev_get_mtu: %s", port->name, rte_strerror(-result));
            return -1;
        }
        port->mtu = least(port->mtu, mtu_max);
        return 0;
    }

    port->mtu = port->settings.mtu;
    if (port->mtu < info->min_mtu || port->mtu > mtu_max)
    {
        adk_set_error(
            EINVAL,
            "AERON_DPDK_MTU=%u does not fit %s (%s): it takes %u to %u",
            port->mtu,
            port->name,
            info->driver_name,
            info->min_mtu,
            mtu_max);
        return -1;
    }
    return 0;
}

static void choose_queues(adk_port_t *port, const struct rte_eth_dev_info *info)
{
    const adk_quirks_t *quirks = port->quirks;
    const uint16_t reported = greatest(info->max_tx_queues, 1);
    const uint16_t allowed = 0 != quirks->tx_queues_max ? least(quirks->tx_queues_max, reported) : reported;

    port->rx_queues = 1;
    port->tx_queues = least(allowed, ADK_PORT_TX_QUEUES_MAX);
    port->rx_queue_size = 0 != port->settings.rx_queue_size ? port->settings.rx_queue_size
                                                            : ADK_PORT_DEFAULT_RX_QUEUE_SIZE;
    port->tx_queue_size = 0 != port->settings.tx_queue_size ? port->settings.tx_queue_size
                                                            : ADK_PORT_DEFAULT_TX_QUEUE_SIZE;
    port->tx_queue_size = greatest(port->tx_queue_size, quirks->tx_queue_size_min);
}

static void choose_offloads(adk_port_t *port, const struct rte_eth_dev_info *info)
{
    const uint64_t rx_checksums = info->rx_offload_capa &
        (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
    uint64_t rx = rx_checksums | adk_rx_clock_open(&port->rx_clock, port->id, info->rx_offload_capa);
    uint64_t tx = info->tx_offload_capa & (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM);

    port->rx_checksum = (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM) == rx_checksums;
    port->tx_ipv4_checksum = 0 != (tx & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM);
    port->tx_udp_checksum = 0 != (tx & RTE_ETH_TX_OFFLOAD_UDP_CKSUM);
    port->tx_udp_checksum6 = port->tx_udp_checksum && !port->quirks->lacks_udp_checksum6;
    port->tx_mbuf_flags = (port->tx_ipv4_checksum ? RTE_MBUF_F_TX_IP_CKSUM : 0) |
        (port->tx_udp_checksum ? RTE_MBUF_F_TX_UDP_CKSUM : 0) | (0 != tx ? RTE_MBUF_F_TX_IPV4 : 0);
    adk_vlan_choose_offloads(port, info, &rx, &tx);
    port->needs_tx_prepare = port->quirks->needs_tx_prepare && 0 != tx;
    adk_vlan_set_tag(port, port->settings.vlan_tci);

    port->configuration = (struct rte_eth_conf){
        .rxmode = { .mq_mode = RTE_ETH_MQ_RX_NONE, .mtu = port->mtu, .offloads = rx },
        .txmode = { .mq_mode = RTE_ETH_MQ_TX_NONE, .offloads = tx },
        .intr_conf = { .lsc = port->quirks->needs_link_events && 0 != (*info->dev_flags & RTE_ETH_DEV_INTR_LSC) },
    };
    port->rx_configuration = info->default_rxconf;
    port->rx_configuration.offloads = rx;
    port->tx_configuration = info->default_txconf;
    port->tx_configuration.offloads = tx;
}

static int configure(adk_port_t *port)
{
    int result = rte_eth_dev_configure(port->id, port->rx_queues, port->tx_queues, &port->configuration);
    if (result < 0)
    {
        adk_set_error(
            -result,
            "%s refuses %u RX and %u TX queue(s) with MTU %u: %s",
            port->name,
            port->rx_queues,
            port->tx_queues,
            port->mtu,
            rte_strerror(-result));
        return -1;
    }

    result = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &port->rx_queue_size, &port->tx_queue_size);
    if (result < 0)
    {
        adk_set_error(
            -result,
            "%s refuses AERON_DPDK_RX_QUEUE_SIZE=%u, AERON_DPDK_TX_QUEUE_SIZE=%u: %s",
            port->name,
            port->rx_queue_size,
            port->tx_queue_size,
            rte_strerror(-result));
        return -1;
    }
    return 0;
}

/* Falls back when two queues were tried and did not work. */
static int configure_one_queue(adk_port_t *port)
{
    adk_port_rss_close(port);
    port->rx_queues = 1;
    port->rx_configuration.rx_drop_en = 0;
    return configure(port);
}

/* Two RX queues if the device can tell the sender's frames from the rest, by rules or by a hash that we know. */
static int configure_queues(adk_port_t *port, const struct rte_eth_dev_info *info)
{
    if (port->settings.threads_shared || info->max_rx_queues <= ADK_SENDER_RX_QUEUE)
    {
        return configure(port);
    }
    port->rx_queues = ADK_PORT_RX_QUEUES_MAX;
    /* A full queue of ixgbe blocks all others unless it may drop (Linux: ixgbe_set_rx_drop_en()). */
    port->rx_configuration.rx_drop_en = 1;
    if ((0 == configure(port) && adk_port_steering_open(port, port->settings.local_ipv4)) ||
        (adk_port_rss_open(port, info) && 0 == configure(port)))
    {
        return 0;
    }
    return configure_one_queue(port);
}

int adk_port_start(adk_port_t *port)
{
    const unsigned int socket_id = (unsigned int)rte_eth_dev_socket_id(port->id);
    int result = 0;

    for (uint16_t i = 0; i < port->rx_queues && 0 == result; i++)
    {
        result = rte_eth_rx_queue_setup(
            port->id, i, port->rx_queue_size, socket_id, &port->rx_configuration, port->rx_mempool);
    }
    for (uint16_t i = 0; i < port->tx_queues && 0 == result; i++)
    {
        result = rte_eth_tx_queue_setup(port->id, i, port->tx_queue_size, socket_id, &port->tx_configuration);
    }
    if (0 == result && 0 != port->settings.mtu)
    {
        /* Not every PMD has the call (ENOTSUP); rte_eth_dev_configure() has already taken the MTU. */
        const int mtu_result = rte_eth_dev_set_mtu(port->id, port->mtu);
        result = -ENOTSUP == mtu_result ? 0 : mtu_result;
    }
    if (0 == result)
    {
        result = rte_eth_dev_start(port->id);
    }
    if (0 == result)
    {
        result = adk_vlan_filter(port);
    }
    if (result < 0)
    {
        adk_set_error(
            -result,
            "%s does not start with %u/%u descriptors and MTU %u: %s",
            port->name,
            port->rx_queue_size,
            port->tx_queue_size,
            port->mtu,
            rte_strerror(-result));
        return -1;
    }
    port->is_started = true;
    adk_rx_clock_restart(&port->rx_clock, port->id);
    return 0;
}

/* A device that does not reveal its hash, or does not start with it, gets one queue after all. */
static int start_with_queues(adk_port_t *port)
{
    const int result = adk_port_start(port);
    if (NULL == port->rss || (0 == result && adk_port_rss_start(port)))
    {
        return result;
    }
    if (port->is_started)
    {
        (void)rte_eth_dev_stop(port->id);
        port->is_started = false;
    }
    return configure_one_queue(port) < 0 ? -1 : adk_port_start(port);
}

static int read_mac(adk_port_t *port)
{
    struct rte_ether_addr mac;
    const int result = rte_eth_macaddr_get(port->id, &mac);
    if (result < 0)
    {
        adk_set_error(-result, "%s: rte_eth_macaddr_get: %s", port->name, rte_strerror(-result));
        return -1;
    }
    memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
    return 0;
}

int adk_port_open(adk_port_t *port, const adk_settings_t *settings, uint32_t extra_mbufs, adk_wakeup_t *wakeup)
{
    struct rte_eth_dev_info info;

    port->id = settings->port_id;
    port->device = port;
    port->settings = *settings;
    port->wakeup = wakeup;
    if (device_info(port, &info) < 0 || choose_mtu(port, &info) < 0)
    {
        return -1;
    }
    choose_queues(port, &info);
    choose_offloads(port, &info);
    if (adk_port_multicast_open(port) < 0 ||
        configure_queues(port, &info) < 0 ||
        adk_port_mempools_create(port, extra_mbufs) < 0 ||
        start_with_queues(port) < 0 ||
        read_mac(port) < 0)
    {
        goto error;
    }

    if (0 != rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RESET, on_reset_event, port))
    {
        adk_set_error(ENOMEM, "%s: cannot listen for reset events", port->name);
        goto error;
    }
    port->is_callback_registered = true;
    /* A device for which this fails is one that is removed without asking. */
    (void)rte_dev_event_callback_register(rte_dev_name(info.device), on_removal, port);
    adk_port_xstats_find(port, &port->missed_xstats, port->quirks->missed_xstats);
    adk_port_xstats_find(port, &port->fault_xstats, port->quirks->fault_xstats);
    return 0;

error:
    forbids_cleanup |= port->quirks->closes_missing_queues && !port->is_started;
    adk_port_close(port);
    return -1;
}

void adk_port_close(adk_port_t *port)
{
    if (NULL != port->device && adk_port_is_guest(port))
    {
        adk_port_leave_device(port);
        return;
    }
    if (port->is_callback_registered)
    {
        (void)rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RESET, on_reset_event, port);
        while (-EAGAIN == rte_dev_event_callback_unregister(NULL, on_removal, port))
        {
            rte_pause(); /* the callback is running */
        }
        port->is_callback_registered = false;
    }
    if (port->is_started && adk_port_is_gone(port))
    {
        /* Its registers read as all ones, which makes PMDs wait: net_e1000_em did not return within minutes. */
        forbids_cleanup = true;
    }
    else if (port->is_started)
    {
        (void)rte_eth_dev_stop(port->id);
        (void)rte_eth_dev_close(port->id);
    }
    port->is_started = false;
    adk_port_steering_close(port);
    adk_port_rss_close(port);
    adk_port_multicast_close(port);
    adk_port_mempools_free(port);
}

static int restart(adk_port_t *port)
{
    if (adk_port_is_gone(port))
    {
        adk_set_error(ENODEV, "%s is gone", port->name);
        return -1;
    }
    (void)rte_eth_dev_stop(port->id);
    const int result = rte_eth_dev_reset(port->id);
    if (result < 0 && -ENOTSUP != result)
    {
        adk_set_error(-result, "%s: rte_eth_dev_reset: %s", port->name, rte_strerror(-result));
        return -1;
    }
    if (configure(port) < 0 || adk_port_start(port) < 0)
    {
        return -1;
    }
    /* Both queues are polled by now, so every frame finds its thread whether or not the device accepts its table. */
    (void)(NULL != port->rss && adk_port_rss_start(port));
    return read_mac(port);
}

int adk_port_restart(adk_port_t *port)
{
    for (adk_port_t *each = port; NULL != each; each = each->next_guest)
    {
        adk_port_steering_suspend(each);
    }
    adk_port_multicast_suspend(port);
    const int result = restart(port);
    adk_port_multicast_resume(port, 0 == result);
    for (adk_port_t *each = port; NULL != each; each = each->next_guest)
    {
        memcpy(each->mac, port->mac, sizeof(each->mac));
        adk_port_steering_resume(each, 0 == result);
    }
    return result;
}
