/* What single PMDs need beyond what they report. One row per driver; a driver without a row needs nothing. */
#ifndef ADK_PORT_QUIRKS_H
#define ADK_PORT_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct adk_quirks_stct
{
    const char *driver;
    bool needs_tx_prepare;            /* checksum offload works only after rte_eth_tx_prepare() */
    bool needs_timer;                 /* the application must call rte_timer_manage() */
    bool hears_all_multicast;         /* no filter: what is sent to the device arrives */
    uint16_t tx_queues_max;           /* fewer than the device reports; 0: as reported */
    uint16_t tx_queue_size_min; /* below it the driver refuses the queue; 0: the device's own limits are enough */
    uint32_t rx_mempool_size_min; /* mbufs the driver keeps to itself before the first frame arrives */
} adk_quirks_t;

const adk_quirks_t *adk_quirks_of(const char *driver);

#endif
