#include "port/rss.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <rte_thash.h>

/*
 * Addresses and ports of UDP over IPv4. Anything else, including fragments, then has no hash and goes to the queue of
 * entry 0.
 */
#define HASHED (RTE_ETH_RSS_NONFRAG_IPV4_UDP)

/* i40e's key of 52 bytes is the longest among DPDK's PMDs, except for those with a hash of their own. */
#define KEY_LENGTH_MAX (52)
#define TABLE_LENGTH_MAX (RTE_ETH_RSS_RETA_SIZE_512 * 4)

/* One entry in so many leads to the sender's queue. */
#define SHARE (128)

struct adk_rss_stct
{
    alignas(uint32_t) uint8_t key[KEY_LENGTH_MAX];
    uint8_t key_length;
    uint16_t table_length;            /* a power of two */
    uint32_t mask;                    /* a hash with all of these bits leads to the sender's queue */
};

/* The key of Microsoft's "Verifying the RSS Hash Calculation", which drivers accept unless configured otherwise. */
static const uint8_t key_bytes[] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                                     0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                                     0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa };

bool adk_port_rss_open(adk_port_t *port, const struct rte_eth_dev_info *info)
{
    const bool is_hashing = HASHED == (info->flow_type_rss_offloads & HASHED);
    const bool has_table = info->reta_size > 1 &&
        info->reta_size <= TABLE_LENGTH_MAX &&
        rte_is_power_of_2(info->reta_size);
    const bool has_key = info->hash_key_size >= sizeof(key_bytes) && info->hash_key_size <= KEY_LENGTH_MAX;

    if (!is_hashing || !has_table || !has_key)
    {
        return false;
    }
    adk_rss_t *rss = calloc(1, sizeof(*rss));
    if (NULL == rss)
    {
        return false;
    }
    for (size_t i = 0; i < sizeof(rss->key); i++)
    {
        rss->key[i] = key_bytes[i % sizeof(key_bytes)];
    }
    rss->key_length = info->hash_key_size;
    rss->table_length = info->reta_size;
    rss->mask = RTE_MIN(info->reta_size, (uint32_t)SHARE) - 1;
    port->rss = rss;
    port->configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    port->configuration.rx_adv_conf.rss_conf =
        (struct rte_eth_rss_conf){ .rss_key = rss->key, .rss_key_len = rss->key_length, .rss_hf = HASHED };
    return true;
}

void adk_port_rss_close(adk_port_t *port)
{
    free(port->rss);
    port->rss = NULL;
    port->configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
    port->configuration.rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){ 0 };
}

static bool leads_to_sender(const adk_rss_t *rss, uint32_t hash)
{
    return rss->mask == (hash & rss->mask);
}

bool adk_port_rss_start(adk_port_t *port)
{
    adk_rss_t *rss = port->rss;
    struct rte_eth_rss_reta_entry64 table[TABLE_LENGTH_MAX / RTE_ETH_RETA_GROUP_SIZE] = { 0 };
    struct rte_eth_rss_conf hash = { .rss_key = rss->key, .rss_key_len = rss->key_length };

    for (uint16_t i = 0; i < rss->table_length; i++)
    {
        struct rte_eth_rss_reta_entry64 *group = &table[i / RTE_ETH_RETA_GROUP_SIZE];
        group->mask |= UINT64_C(1) << (i % RTE_ETH_RETA_GROUP_SIZE);
        group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = leads_to_sender(rss, i) ? ADK_SENDER_RX_QUEUE : 0;
    }
    /*
     * A device that keeps its own key reports it here; with a device that does not reveal it, two queues are of no use.
     */
    return 0 == rte_eth_dev_rss_reta_update(port->id, table, rss->table_length) &&
        0 == rte_eth_dev_rss_hash_conf_get(port->id, &hash) &&
        HASHED == (hash.rss_hf & HASHED);
}

bool adk_answers_reach_sender(const adk_answers_t *answers, uint16_t local_port)
{
    uint32_t tuple[RTE_THASH_V4_L4_LEN] = { answers->peer_ipv4,
                                            answers->local_ipv4,
                                            (uint32_t)answers->peer_port << 16 | local_port };
    return leads_to_sender(answers->rss, rte_softrss(tuple, RTE_THASH_V4_L4_LEN, answers->rss->key));
}
