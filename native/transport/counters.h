/*
 * The driver's counts as Aeron counters, under the type ids that upstream reserves for DPDK (aeron_counters.h 75-95),
 * so that AeronStat and dashboards show them. The data path counts in its lanes; the control plane copies.
 */
#ifndef ADK_TRANSPORT_COUNTERS_H
#define ADK_TRANSPORT_COUNTERS_H

#include "transport/media.h"

/* Allocates every counter that lives as long as the driver. Called once, from the first poller_init. */
int adk_counters_open(adk_media_t *media, aeron_driver_context_t *context);
void adk_counters_close(adk_media_t *media);

/* Control thread. */
void adk_counters_publish(adk_media_t *media);

/*
 * Conductor thread. Allocates a counter of type_id with a formatted label; its id, or -1 when the counters file is
 * full.
 */
__attribute__((format(printf, 3, 4))) int32_t
adk_counters_allocate(adk_counters_t *counters, int32_t type_id, const char *label_format, ...);
void adk_counters_free(adk_counters_t *counters, int32_t counter_id);
/* Any thread, provided that no other thread sets this counter. */
void adk_counters_set(adk_counters_t *counters, int32_t counter_id, int64_t value);

#endif
