#include "port/vlan.h"

static bool is_in_vlan(uint16_t tci)
{
    return 0 != (tci & ADK_VLAN_ID_MASK);
}

/* How many of the interfaces that share the device are in a VLAN. */
static int count_tagged(const adk_settings_t *settings)
{
    int tagged = is_in_vlan(settings->vlan_tci);

    for (int i = 0; i < settings->sharers; i++)
    {
        tagged += is_in_vlan(settings->sharers_vlan_tci[i]);
    }
    return tagged;
}

void adk_vlan_choose_offloads(adk_port_t *port, const struct rte_eth_dev_info *info, uint64_t *rx, uint64_t *tx)
{
    const int tagged = count_tagged(&port->settings);

    if (0 == tagged)
    {
        return;
    }
    *rx |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
    if (1 + port->settings.sharers == tagged)
    {
        /* PMDs differ in whether untagged frames pass the filter. */
        *rx |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
    }
    *tx |= info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
    port->rx_vlan_strip = 0 != (*rx & RTE_ETH_RX_OFFLOAD_VLAN_STRIP);
    port->tx_vlan_insert = 0 != (*tx & RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
}

void adk_vlan_set_tag(adk_port_t *port, uint16_t tci)
{
    port->vlan_tci = tci;
    port->touches_frames = port->needs_tx_prepare || 0 != tci;
}

static bool lets_through(const adk_port_t *port, uint16_t tci)
{
    return 0 == rte_eth_dev_vlan_filter(port->id, tci & ADK_VLAN_ID_MASK, 1);
}

int adk_vlan_filter(const adk_port_t *port)
{
    if (0 == (port->configuration.rxmode.offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER))
    {
        return 0;
    }

    bool is_open = lets_through(port, port->settings.vlan_tci);
    for (int i = 0; is_open && i < port->settings.sharers; i++)
    {
        is_open = lets_through(port, port->settings.sharers_vlan_tci[i]);
    }
    if (is_open)
    {
        return 0;
    }
    /* A filter that lets nothing through is worse than none: every frame's tag is checked here anyway. */
    return rte_eth_dev_set_vlan_offload(port->id, port->rx_vlan_strip ? RTE_ETH_VLAN_STRIP_OFFLOAD : 0);
}

__rte_noinline bool adk_vlan_is_another(const adk_port_t *port, struct rte_mbuf *mbuf)
{
    /* On a port with a VLAN, tags have already been removed: a second tag is not looked behind. */
    if (0 == port->vlan_tci)
    {
        (void)adk_vlan_take_off(mbuf);
    }
    return adk_vlan_is_off(mbuf) && !adk_vlan_is_ours(port, mbuf);
}

bool adk_vlan_take_out(struct rte_mbuf *mbuf)
{
    return 0 == rte_vlan_strip(mbuf);
}

void adk_vlan_sort(const adk_port_t *port, struct rte_mbuf **burst, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
    {
        (void)adk_vlan_take_off(burst[i]);
        adk_vlan_mark(port, burst[i]);
    }
}

void adk_vlan_put_back(struct rte_mbuf *mbuf)
{
    if (adk_vlan_is_off(mbuf))
    {
        (void)rte_vlan_insert(&mbuf);
    }
}

void adk_vlan_put_on(const adk_port_t *port, struct rte_mbuf **frames, uint16_t count, bool is_seen)
{
    const bool is_inserted = port->tx_vlan_insert && !is_seen;

    for (uint16_t i = 0; i < count; i++)
    {
        frames[i]->vlan_tci = port->vlan_tci;
        if (is_inserted)
        {
            frames[i]->ol_flags |= RTE_MBUF_F_TX_VLAN;
        }
        else
        {
            /* Cannot fail: there is headroom, and the mbuf has no other owner. */
            (void)rte_vlan_insert(&frames[i]);
        }
    }
}
