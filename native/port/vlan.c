#include "port/vlan.h"

void adk_vlan_choose_offloads(adk_port_t *port, const struct rte_eth_dev_info *info, uint64_t *rx, uint64_t *tx)
{
    port->vlan_tci = port->settings.vlan_tci;
    if (0 == port->vlan_tci)
    {
        return;
    }
    *rx |= info->rx_offload_capa & (RTE_ETH_RX_OFFLOAD_VLAN_STRIP | RTE_ETH_RX_OFFLOAD_VLAN_FILTER);
    *tx |= info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
    port->rx_vlan_strip = 0 != (*rx & RTE_ETH_RX_OFFLOAD_VLAN_STRIP);
    port->tx_vlan_insert = 0 != (*tx & RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
}

int adk_vlan_filter(const adk_port_t *port)
{
    if (0 == (port->configuration.rxmode.offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER) ||
        0 == rte_eth_dev_vlan_filter(port->id, port->vlan_tci & ADK_VLAN_ID_MASK, 1))
    {
        return 0;
    }
    /* A filter that lets nothing through is worse than none: every frame's tag is looked at anyway. */
    return rte_eth_dev_set_vlan_offload(port->id, port->rx_vlan_strip ? RTE_ETH_VLAN_STRIP_OFFLOAD : 0);
}

bool adk_vlan_take_off(struct rte_mbuf *mbuf)
{
    const size_t length = sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr);

    return !adk_vlan_is_off(mbuf) && rte_pktmbuf_data_len(mbuf) >= length && 0 == rte_vlan_strip(mbuf);
}

void adk_vlan_sort(const adk_port_t *port, struct rte_mbuf **burst, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
    {
        struct rte_mbuf *mbuf = burst[i];

        (void)adk_vlan_take_off(mbuf);
        if (adk_vlan_is_ours(port, mbuf))
        {
            mbuf->ol_flags &= ~RTE_MBUF_F_RX_VLAN_STRIPPED;
        }
        else if (!adk_vlan_is_off(mbuf))
        {
            mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN_STRIPPED;
            mbuf->vlan_tci = 0;
        }
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
            /* There is headroom, and nobody else has the mbuf: it cannot fail. */
            (void)rte_vlan_insert(&frames[i]);
        }
    }
}
