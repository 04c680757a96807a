/* The IPv6 addresses of one interface. One thread writes; any other may read meanwhile. */
#ifndef ADK_WIRE_IPV6_LOCALS_H
#define ADK_WIRE_IPV6_LOCALS_H

#include <stdatomic.h>

#include "api/aeron_dpdk.h"
#include "wire/ipv6/address.h"

#define ADK_LOCALS6 (8)

/* In addition to enum adk_local6_state_en: the slot has no address. */
#define ADK_LOCAL6_NONE (0)

typedef struct adk_local6_stct
{
    _Atomic uint64_t words[2];
    _Atomic uint32_t state;
    _Atomic uint32_t prefix_length;
} adk_local6_t;

typedef struct adk_locals6_stct
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];
    uint16_t padding;                 /* the MAC is read as eight bytes */
    _Atomic uint32_t length;          /* slots from here on were never used */
    adk_local6_t slots[ADK_LOCALS6];
} adk_locals6_t;

static inline adk_ipv6_t adk_local6_address(const adk_local6_t *local)
{
    return (adk_ipv6_t){ { atomic_load_explicit(&local->words[0], memory_order_relaxed),
                           atomic_load_explicit(&local->words[1], memory_order_relaxed) } };
}

static inline uint32_t adk_local6_state(const adk_local6_t *local)
{
    return atomic_load_explicit(&local->state, memory_order_acquire);
}

static inline uint32_t adk_locals6_length(const adk_locals6_t *locals)
{
    return atomic_load_explicit(&locals->length, memory_order_acquire);
}

/* The state of this address of ours; ADK_LOCAL6_NONE if it is not ours. */
static inline uint32_t adk_locals6_state_of(const adk_locals6_t *locals, adk_ipv6_t address)
{
    const uint32_t length = adk_locals6_length(locals);
    for (uint32_t i = 0; i < length; i++)
    {
        if (adk_ipv6_is_same(address, adk_local6_address(&locals->slots[i])))
        {
            return adk_local6_state(&locals->slots[i]);
        }
    }
    return ADK_LOCAL6_NONE;
}

/* Whether the group is the solicited-node group of one of our addresses. */
static inline bool adk_locals6_are_solicited_by(const adk_locals6_t *locals, adk_ipv6_t group)
{
    const uint32_t length = adk_locals6_length(locals);
    for (uint32_t i = 0; i < length; i++)
    {
        if (ADK_LOCAL6_NONE != adk_local6_state(&locals->slots[i]) &&
            adk_ipv6_is_same(group, adk_ipv6_solicited_node(adk_local6_address(&locals->slots[i]))))
        {
            return true;
        }
    }
    return false;
}

#endif
