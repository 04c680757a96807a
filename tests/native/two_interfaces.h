/* A driver with two interfaces: 10.0.0.5/24 with a gateway, and 10.1.0.5/24. */
#ifndef ADK_TESTS_TWO_INTERFACES_H
#define ADK_TESTS_TWO_INTERFACES_H

#include "media.h"
#include "stack/interfaces.h"

#define FURTHER_IPV4 (0x0a010005u)
#define FURTHER_PEER_IPV4 (0x0a010009u)
#define GROUP_IPV4 (0xe0000105u)

typedef struct two_stct
{
    test_media_t *media;
    ring_port_t further;
} two_t;

static inline two_t two_open_with(adk_settings_t settings, aeron_threading_mode_t mode)
{
    two_t two = { 0 };
    adk_settings_t first = ring_settings();

    first.threads_shared = AERON_THREADING_MODE_DEDICATED != mode;
    settings.threads_shared = first.threads_shared;
    ring_port_t port = ring_port_with(first, RING_PORT_QUEUES_MAX, 1024);
    settings.port_id = ring_device(&two.further, RING_PORT_QUEUES_MAX, 1024);
    two.further.stack = adk_stack_open(&settings, port.stack);
    CHECK(NULL != two.further.stack);
    memcpy(two.further.stack->local.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
    memcpy(two.further.stack->port.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
    two.further.rx_mbufs = rte_mempool_avail_count(two.further.stack->port.rx_mempool);
    two.further.tx_mbufs = rte_mempool_avail_count(two.further.stack->port.tx_mempools[0]);
    two.media = media_open_on(port, mode);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(0, adk_neighbour_set(two.further.stack, FURTHER_PEER_IPV4, PEER_MAC));
    return two;
}

static inline adk_settings_t further_settings(void)
{
    adk_settings_t settings = ring_settings();
    settings.local_ipv4 = FURTHER_IPV4;
    settings.gateway_ipv4 = 0;
    return settings;
}

static inline two_t two_open(void)
{
    return two_open_with(further_settings(), AERON_THREADING_MODE_DEDICATED);
}

static inline void two_close(two_t *two)
{
    check_no_mbuf_is_missing(&two->media->port);
    check_no_mbuf_is_missing(&two->further);
    media_close_pollers(two->media);
    ring_port_close(&two->further);
    media_close(two->media);
}

#endif
