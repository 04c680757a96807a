#include "stack/witness.h"

#include <rte_arp.h>
#include <rte_ethdev.h>

#include "api/aeron_dpdk.h"

bool adk_witness_stands_for(const adk_neighbour_t *neighbour, const void *mac)
{
    uint8_t standing[RTE_ETHER_ADDR_LEN];
    adk_neighbour_word_to_mac(adk_neighbour_word(neighbour), standing);
    return 0 == memcmp(standing, mac, sizeof(standing));
}

/*
 * Called after the source was noted, whereas the control plane clears the mark before it doubts the sources: in any
 * other order a frame between the two could leave neither a mark nor a doubt, and a live neighbour would be taken for
 * silent.
 */
void adk_witness_mark_heard(adk_neighbour_t *neighbour)
{
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store_explicit(&neighbour->was_heard, 1, memory_order_relaxed);
}

/* The neighbour that an answer would go through: a frame from beyond the gateway has the gateway's MAC. */
static adk_neighbour_t *neighbour_towards(const adk_stack_t *stack, uint32_t ipv4)
{
    uint32_t next_hop;
    const enum adk_route_en route = adk_stack_route(stack, ipv4, &next_hop);
    const bool is_reachable = ADK_ROUTE_ON_LINK == route || ADK_ROUTE_GATEWAY == route;
    return is_reachable ? adk_neighbours_find(&stack->neighbours, &next_hop) : NULL;
}

__rte_noinline void adk_witness_datagram(
    const adk_stack_t *stack, uint32_t source_ipv4, const struct rte_ether_hdr *ethernet)
{
    adk_neighbour_t *neighbour = neighbour_towards(stack, source_ipv4);
    if (NULL != neighbour && adk_witness_stands_for(neighbour, &ethernet->src_addr))
    {
        adk_witness_mark_heard(neighbour);
    }
}

/* The neighbour whose MAC the ARP packet contradicts; NULL for any other frame. */
static adk_neighbour_t *contradicted_by(const adk_stack_t *stack, const uint8_t *frame, uint32_t length)
{
    const struct rte_ether_hdr *ethernet = (const struct rte_ether_hdr *)frame;
    const struct rte_arp_hdr *arp = (const struct rte_arp_hdr *)(ethernet + 1);
    if (length < sizeof(*ethernet) + sizeof(*arp) || rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP) != ethernet->ether_type)
    {
        return NULL;
    }

    const uint32_t sender_ipv4 = rte_be_to_cpu_32(arp->arp_data.arp_sip);
    adk_neighbour_t *neighbour = adk_neighbours_find(&stack->neighbours, &sender_ipv4);
    if (NULL == neighbour)
    {
        return NULL;
    }
    if (!adk_witness_stands_for(neighbour, &arp->arp_data.arp_sha))
    {
        return neighbour;
    }
    if (adk_witness_stands_for(neighbour, &ethernet->src_addr))
    {
        adk_witness_mark_heard(neighbour);
    }
    return NULL;
}

static bool has_too_many_disputes(const adk_neighbour_t *neighbour)
{
    return atomic_load_explicit(&neighbour->disputes, memory_order_relaxed) >= ADK_DISPUTES;
}

bool adk_witness_put(
    const adk_stack_t *stack,
    adk_lane_t *lane,
    struct rte_mbuf *mbuf,
    adk_neighbour_t *contradicted,
    enum adk_count_en disputed)
{
    if (NULL != contradicted && has_too_many_disputes(contradicted))
    {
        adk_drop(lane, disputed);
        return false;
    }

    *adk_mbuf_note(mbuf) = (adk_note_t){ .kind = ADK_CONTROL_FRAME };
    if (0 != rte_ring_sp_enqueue(lane->control_out, mbuf))
    {
        adk_drop(lane, ADK_COUNT_CONTROL_FULL);
        return false;
    }
    adk_wakeup_give(stack->port.wakeup);
    if (NULL != contradicted)
    {
        /*
         * Only packets that get through count: if all of them were lost, the control plane would have nothing to
         * investigate.
         */
        (void)atomic_fetch_add_explicit(&contradicted->disputes, 1, memory_order_relaxed);
    }
    return true;
}

__rte_noinline bool adk_witness_offer(
    const adk_stack_t *stack, adk_lane_t *lane, struct rte_mbuf *mbuf, const uint8_t *bytes)
{
    adk_neighbour_t *contradicted = contradicted_by(stack, bytes, mbuf->pkt_len);
    return adk_witness_put(stack, lane, mbuf, contradicted, ADK_COUNT_ARP_DISPUTED);
}

/* Frames that were lost unseen: a true answer may have been among them. */
static uint64_t frames_lost(const adk_stack_t *stack)
{
    uint64_t lost = adk_port_missed(&stack->port);
    for (int role = 0; role < ADK_ROLE_COUNT; role++)
    {
        const uint64_t *counts = stack->lanes[role].counts;
        lost += __atomic_load_n(&counts[ADK_COUNT_CONTROL_FULL], __ATOMIC_RELAXED) +
            __atomic_load_n(&counts[ADK_COUNT_RX_KERNEL_DROPPED], __ATOMIC_RELAXED);
    }
    return lost;
}

/*
 * Causes the next frame from there to be checked again. This is the one word of a lane that another thread changes: its
 * owner writes it whole, so either the owner's word stands, and the source has just been witnessed, or this word
 * stands, and the source will be.
 */
static void forget_sources(const adk_stack_t *stack, const adk_neighbour_t *neighbour, adk_lane_t *lane)
{
    for (int i = 0; i < ADK_SOURCES; i++)
    {
        uint64_t *word = &lane->sources[i].ipv4_be;
        uint64_t known = __atomic_load_n(word, __ATOMIC_RELAXED);
        if (0 == known || neighbour != neighbour_towards(stack, rte_be_to_cpu_32((rte_be32_t)known)))
        {
            continue;
        }
        (void)__atomic_compare_exchange_n(
            word, &known, known | ADK_SOURCE_DOUBTED, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}

void adk_witness_begin(const adk_stack_t *stack, adk_neighbour_t *neighbour)
{
    atomic_store_explicit(&neighbour->was_heard, 0, memory_order_relaxed);
    atomic_store_explicit(&neighbour->disputes, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* see adk_witness_mark_heard() */
    neighbour->lost_before = frames_lost(stack);
}

bool adk_witness_doubts(const adk_stack_t *stack, const adk_neighbour_t *neighbour)
{
    return has_too_many_disputes(neighbour) || neighbour->lost_before != frames_lost(stack);
}

void adk_witness_watch(adk_stack_t *stack, uint32_t ipv4)
{
    adk_neighbour_t *neighbour = adk_neighbours_find(&stack->neighbours, &ipv4);
    if (NULL == neighbour)
    {
        return;
    }
    adk_witness_begin(stack, neighbour);
    forget_sources(stack, neighbour, &stack->lanes[ADK_ROLE_SENDER]);
    forget_sources(stack, neighbour, &stack->lanes[ADK_ROLE_RECEIVER]);
}

bool adk_witness_was_heard(const adk_stack_t *stack, uint32_t ipv4)
{
    const adk_neighbour_t *neighbour = adk_neighbours_find(&stack->neighbours, &ipv4);
    return NULL != neighbour && 0 != atomic_load_explicit(&neighbour->was_heard, memory_order_relaxed);
}

bool adk_witness_is_disputed(const adk_stack_t *stack, uint32_t ipv4)
{
    const adk_neighbour_t *neighbour = adk_neighbours_find(&stack->neighbours, &ipv4);
    return NULL != neighbour && adk_witness_doubts(stack, neighbour);
}
