/* What individual PMDs need beyond what they report. One row per driver; a driver without a row needs nothing. */
#ifndef ADK_PORT_QUIRKS_H
#define ADK_PORT_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct adk_quirks_stct
{
    const char *driver;
    bool needs_tx_prepare;            /* checksum offload works only after rte_eth_tx_prepare() */
    bool needs_link_events;           /* its link stays down unless changes are asked for by interrupt */
    bool closes_missing_queues;       /* closing it crashes when it was configured and its queues never set up */
    bool lacks_udp_checksum6;         /* what it reports about UDP checksums may hold for IPv4 only */
    bool connects_when_started;       /* its client tries once, and again only when it is restarted */
    bool hears_all_multicast;         /* no filter: everything sent to the device arrives */
    uint16_t tx_queues_max;           /* fewer than the device reports; 0: as reported */
    uint16_t tx_queue_size_min; /* the driver refuses a smaller queue; 0: the device's own limits are enough */
    uint32_t rx_mempool_size_min; /* mbufs the driver keeps to itself before the first frame arrives */
    /* Extended statistics of a queue, summed over all; NULL ends them. */
    const char *const *missed_xstats; /* frames dropped for lack of a descriptor that are not in imissed */
    const char *const *fault_xstats;  /* faults after which the driver needs a reset but sends no event */
} adk_quirks_t;

const adk_quirks_t *adk_quirks_of(const char *driver);

#endif
