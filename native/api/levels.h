/*
 * How full everything is, for tools that look at a running driver. Control thread. The data path does not notice: its
 * data is read without synchronisation, so a level is correct for some moment during the call.
 */
#ifndef ADK_LEVELS_H
#define ADK_LEVELS_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

typedef struct adk_level_stct
{
    char name[32];
    uint32_t length;                  /* used, of capacity; for a mempool: mbufs in use */
    uint32_t capacity;
} adk_level_t;

typedef struct adk_endpoint_view_stct
{
    uint16_t port;
    uint8_t is_polled;                /* boolean; otherwise reserved, or being withdrawn */
    uint8_t is_receiver;              /* boolean: polled by the receiver, otherwise by the sender */
    uint8_t is_ipv6;                  /* boolean; otherwise IPv4 */
} adk_endpoint_view_t;

/* Each fills at most max entries and returns how many there are, which may be more. */
int adk_levels_rings(adk_stack_t *stack, adk_level_t *levels, int max);
int adk_levels_mempools(adk_stack_t *stack, adk_level_t *levels, int max);
/* Descriptors with a frame that we have not taken yet; only for RX queues whose PMD can tell. */
int adk_levels_rx_queues(adk_stack_t *stack, adk_level_t *levels, int max);
/* The IPv4 ones come first. */
int adk_levels_endpoints(adk_stack_t *stack, adk_endpoint_view_t *endpoints, int max);

#endif
