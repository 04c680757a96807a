/*
 * How full everything is, for those who look at a running driver. Control thread. The data path does not notice:
 * what it writes is read without asking it, so a level is the truth of some moment during the call.
 */
#ifndef ADK_LEVELS_H
#define ADK_LEVELS_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

typedef struct adk_level_stct
{
    char name[32];
    uint32_t length;                  /* what is in it, of capacity; of a mempool: mbufs in use */
    uint32_t capacity;
} adk_level_t;

typedef struct adk_endpoint_view_stct
{
    uint16_t port;
    uint8_t is_polled;                /* boolean; else reserved, or on its way out */
    uint8_t is_receiver;              /* boolean: polled by the receiver, else by the sender */
    uint8_t is_ipv6;                  /* boolean; else of IPv4 */
} adk_endpoint_view_t;

/* Each fills at most max entries and returns how many there are, which may be more. */
int adk_levels_rings(adk_stack_t *stack, adk_level_t *levels, int max);
int adk_levels_mempools(adk_stack_t *stack, adk_level_t *levels, int max);
/* Descriptors with a frame that we have not taken yet; only of RX queues whose PMD can tell. */
int adk_levels_rx_queues(adk_stack_t *stack, adk_level_t *levels, int max);
/* Those of IPv4 first. */
int adk_levels_endpoints(adk_stack_t *stack, adk_endpoint_view_t *endpoints, int max);

#endif
