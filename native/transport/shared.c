/*
 * Hot path of a port that several interfaces share: decides by VLAN and destination address which interface a frame
 * belongs to. From there on it is handled like a frame from that interface's own port. See docs/decisions/0028
 */
#include "transport/shared.h"

#include <rte_arp.h>

#include "port/vlan.h"
#include "transport/poll.h"

static inline uint16_t vlan_of(const adk_poller_t *poller)
{
    return poller->stack->port.vlan_tci & ADK_VLAN_ID_MASK;
}

/* Searches from each on; NULL: no further interface in the VLAN. */
static inline adk_poller_t *next_in_vlan(adk_poller_t *each, uint16_t vlan)
{
    while (NULL != each && vlan_of(each) != vlan)
    {
        each = each->next_on_port;
    }
    return each;
}

static adk_poller_t *with_ipv4(adk_poller_t *first, uint16_t vlan, rte_be32_t ipv4_be)
{
    adk_poller_t *each = next_in_vlan(first, vlan);
    while (NULL != each && each->stack->local.ipv4_be != ipv4_be)
    {
        each = next_in_vlan(each->next_on_port, vlan);
    }
    return each;
}

/* The first interface on a link has the link's IPv6 addresses. */
static adk_poller_t *with_address(adk_poller_t *first, uint16_t vlan, const struct rte_mbuf *mbuf)
{
    const struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);

    if (mbuf->data_len >= sizeof(*ethernet) + sizeof(struct rte_ipv4_hdr) &&
        rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) == ethernet->ether_type)
    {
        return with_ipv4(first, vlan, ((const struct rte_ipv4_hdr *)(ethernet + 1))->dst_addr);
    }
    if (mbuf->data_len >= sizeof(*ethernet) + sizeof(struct rte_arp_hdr) &&
        rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) == ethernet->ether_type)
    {
        return with_ipv4(first, vlan, ((const struct rte_arp_hdr *)(ethernet + 1))->arp_data.arp_tip);
    }
    return NULL;
}

static bool is_arp(const struct rte_mbuf *mbuf)
{
    return mbuf->data_len >= sizeof(struct rte_ether_hdr) &&
        rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) == rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type;
}

ADK_CAPTURE_APART static bool hand_seen_to(adk_poller_t *poller, struct rte_mbuf *mbuf, adk_capture_t *capture)
{
    adk_poll_begin_capture(capture, poller, mbuf, adk_capture_now_ns());
    const bool is_taken = adk_poll_on_frame(poller, mbuf);
    adk_capture_end(capture, poller->lane);
    return is_taken;
}

/* True when we no longer own the mbuf. */
static bool hand_to(adk_poller_t *poller, struct rte_mbuf *mbuf)
{
    adk_capture_t *capture = adk_stack_capture(poller->stack);

    adk_count(poller->lane, ADK_COUNT_RX_PACKETS, 1);
    adk_count(poller->lane, ADK_COUNT_RX_BYTES, mbuf->pkt_len);
    if (__builtin_expect(NULL != capture, 0))
    {
        return hand_seen_to(poller, mbuf, capture);
    }
    adk_vlan_mark(&poller->stack->port, mbuf);
    return adk_poll_on_frame(poller, mbuf);
}

/* ARP between other hosts may show that a neighbour has moved, and each interface has its own neighbours. */
static __rte_noinline bool hand_to_all(adk_poller_t *poller, uint16_t vlan, struct rte_mbuf *mbuf)
{
    for (adk_poller_t *each = next_in_vlan(poller->next_on_port, vlan); NULL != each;
         each = next_in_vlan(each->next_on_port, vlan))
    {
        struct rte_mbuf *copy = rte_pktmbuf_copy(mbuf, mbuf->pool, 0, UINT32_MAX);
        if (NULL == copy)
        {
            adk_count(each->lane, ADK_COUNT_CONTROL_FULL, 1);
        }
        else if (!hand_to(each, copy))
        {
            rte_pktmbuf_free(copy);
        }
    }
    return hand_to(poller, mbuf);
}

static bool on_frame(adk_poller_t *first, struct rte_mbuf *mbuf)
{
    (void)adk_vlan_take_off(mbuf);
    const uint16_t vlan = adk_vlan_id_of(mbuf);
    adk_poller_t *poller = with_address(first, vlan, mbuf);

    if (__builtin_expect(NULL != poller, 1))
    {
        return hand_to(poller, mbuf);
    }
    poller = next_in_vlan(first, vlan);
    if (NULL == poller)
    {
        return hand_to(first, mbuf); /* counts it as another VLAN's */
    }
    return is_arp(mbuf) ? hand_to_all(poller, vlan, mbuf) : hand_to(poller, mbuf);
}

void adk_shared_on_burst(adk_poller_t *first, struct rte_mbuf **burst, uint16_t count)
{
    for (adk_poller_t *each = first; NULL != each; each = each->next_on_port)
    {
        each->recv_func = first->recv_func;
        each->clientd = first->clientd;
        each->lane->has_burst_time = false;
    }
    for (uint16_t i = 0; i < count; i++)
    {
        rte_prefetch0((const uint8_t *)burst[i + 1]->buf_addr + RTE_PKTMBUF_HEADROOM);
        if (on_frame(first, burst[i]))
        {
            burst[i] = NULL;
        }
    }
    rte_pktmbuf_free_bulk(burst, count);
}
