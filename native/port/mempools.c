#include <errno.h>
#include <string.h>

#include <rte_errno.h>

#include "port/error.h"
#include "port/port.h"
#include "wire/header.h"

static struct rte_mempool *mempool_create(
    const adk_port_t *port, const char *role, uint32_t size, uint32_t cache_size, const char *ops)
{
    char name[RTE_MEMPOOL_NAMESIZE];
    uint32_t data_length = (uint32_t)port->mtu + ADK_PORT_LINK_OVERHEAD;

    if (data_length < RTE_MBUF_DEFAULT_DATAROOM)
    {
        data_length = RTE_MBUF_DEFAULT_DATAROOM;
    }
    const uint16_t data_room = (uint16_t)(RTE_ALIGN_CEIL(data_length, ADK_PORT_DATA_ROOM_ALIGN) + RTE_PKTMBUF_HEADROOM);

    (void)snprintf(name, sizeof(name), "adk_%s_%u", role, port->id);
    struct rte_mempool *mempool = rte_pktmbuf_pool_create_by_ops(
        name, size, cache_size, sizeof(adk_note_t), data_room, rte_eth_dev_socket_id(port->id), ops);
    if (NULL == mempool)
    {
        adk_set_error(
            rte_errno,
            "mempool %s of %u mbufs x %u bytes (cache %u, ops %s) cannot be created: %s; reserve more huge pages, "
            "use smaller queues, or check AERON_DPDK_*_MEMPOOL_OPS and _CACHE_SIZE (at most %u)",
            name,
            size,
            data_room,
            cache_size,
            NULL == ops ? "default" : ops,
            rte_strerror(rte_errno),
            RTE_MEMPOOL_CACHE_MAX_SIZE);
    }
    return mempool;
}

/* A mempool's ring holds one less than a power of two (rte_mempool_create). */
static uint32_t mempool_size(uint32_t needed)
{
    return rte_align32pow2(needed + 1) - 1;
}

static uint32_t cache_size_of(uint32_t setting, uint32_t pool_size)
{
    const uint32_t wanted = UINT32_MAX == setting ? ADK_PORT_DEFAULT_MEMPOOL_CACHE_SIZE : setting;
    const uint32_t limit = pool_size * 2 / 3; /* rte_mempool_create(): cache_size * 1.5 <= n */
    return wanted > limit ? limit : wanted;
}

int adk_port_mempools_create(adk_port_t *port, uint32_t extra_mbufs)
{
    const adk_settings_t *settings = &port->settings;
    const uint32_t caches = 2 * ADK_PORT_TX_QUEUES_MAX *
        (UINT32_MAX == settings->rx_mempool_cache_size ? ADK_PORT_DEFAULT_MEMPOOL_CACHE_SIZE
                                                       : settings->rx_mempool_cache_size);
    uint32_t rx_needed = port->rx_queues * (uint32_t)port->rx_queue_size + extra_mbufs + caches;
    if (rx_needed < port->quirks->rx_mempool_size_min)
    {
        rx_needed = port->quirks->rx_mempool_size_min;
    }

    const uint32_t rx_size = mempool_size(rx_needed);
    port->rx_mempool = mempool_create(
        port, "rx", rx_size, cache_size_of(settings->rx_mempool_cache_size, rx_size), settings->rx_mempool_ops);
    if (NULL == port->rx_mempool)
    {
        return -1;
    }

    /* A device may hold on to every descriptor it has until the ring wraps (lazy free). */
    const uint32_t tx_pools = settings->tx_mempool_per_queue ? ADK_PORT_TX_QUEUES_MAX : 1;
    const uint32_t tx_size = mempool_size(
        (ADK_PORT_TX_QUEUES_MAX / tx_pools) * (uint32_t)port->tx_queue_size + extra_mbufs + caches);
    for (uint32_t i = 0; i < ADK_PORT_TX_QUEUES_MAX; i++)
    {
        static const char *const roles[ADK_PORT_TX_QUEUES_MAX] = { "tx", "tx_rcv", "tx_ctl" };
        port->tx_mempools[i] = 0 == i || tx_pools > 1 ? mempool_create(
                                                            port,
                                                            roles[i],
                                                            tx_size,
                                                            cache_size_of(settings->tx_mempool_cache_size, tx_size),
                                                            settings->tx_mempool_ops)
                                                      : port->tx_mempools[0];
        if (NULL == port->tx_mempools[i])
        {
            return -1;
        }
    }
    return 0;
}

uint32_t adk_port_mbufs_free(const struct rte_mempool *pool)
{
    uint32_t available = rte_mempool_get_ops(pool->ops_index)->get_count(pool);

    for (unsigned int lcore = 0; lcore < RTE_MAX_LCORE && 0 != pool->cache_size; lcore++)
    {
        if (ROLE_OFF != rte_eal_lcore_role(lcore))
        {
            available += pool->local_cache[lcore].len;
        }
    }
    return available;
}

void adk_port_mempools_free(adk_port_t *port)
{
    for (int i = ADK_PORT_TX_QUEUES_MAX - 1; i >= 0; i--)
    {
        if (0 == i || port->tx_mempools[i] != port->tx_mempools[0])
        {
            rte_mempool_free(port->tx_mempools[i]);
        }
        port->tx_mempools[i] = i > 0 ? NULL : port->tx_mempools[i];
    }
    port->tx_mempools[0] = NULL;
    rte_mempool_free(port->rx_mempool);
    port->rx_mempool = NULL;
}
