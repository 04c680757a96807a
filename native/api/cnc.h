/*
 * What AeronStat, ErrorStat and LossStat read: a driver's CnC file, mapped read-only through Aeron's C API. Needs
 * neither EAL nor a driver in this process. Conventions as in aeron_dpdk.h, which cffi reads first.
 *
 * Each read copies all there is; what it returns belongs to the cnc and holds until the next read of the same kind.
 */
#ifndef ADK_CNC_H
#define ADK_CNC_H

#include <stdint.h>
#include "api/aeron_dpdk.h"

typedef struct adk_cnc_stct adk_cnc_t;

typedef struct adk_cnc_facts_stct
{
    int64_t pid;
    int64_t start_ms;                 /* since the epoch */
    int64_t heartbeat_ms;             /* the conductor's last, since the epoch */
    int64_t client_liveness_timeout_ns;
    int32_t version;
} adk_cnc_facts_t;

typedef struct adk_cnc_counter_stct
{
    int32_t id;
    int32_t type_id;
    int64_t value;
    int64_t registration_id;
    int32_t label_length;
    uint8_t key[112];
    char label[380];
} adk_cnc_counter_t;

typedef struct adk_cnc_error_stct
{
    int64_t observations;
    int64_t first_ms;
    int64_t last_ms;
    char *text;
} adk_cnc_error_t;

typedef struct adk_cnc_loss_stct
{
    int64_t observations;
    int64_t bytes;
    int64_t first_ms;
    int64_t last_ms;
    int32_t session_id;
    int32_t stream_id;
    char *channel;
    char *source;
} adk_cnc_loss_t;

/* NULL when there is no CnC file of a version that we read: it may have been there for timeout_ms, but not longer. */
adk_cnc_t *adk_cnc_open(const char *aeron_dir, int64_t timeout_ms);
void adk_cnc_close(adk_cnc_t *cnc);

int adk_cnc_facts(adk_cnc_t *cnc, adk_cnc_facts_t *facts);
/* The number of entries, with *entries at the first; -1 on failure. */
int64_t adk_cnc_read_counters(adk_cnc_t *cnc, const adk_cnc_counter_t **entries);
int64_t adk_cnc_read_errors(adk_cnc_t *cnc, const adk_cnc_error_t **entries);
int64_t adk_cnc_read_losses(adk_cnc_t *cnc, const adk_cnc_loss_t **entries);

#endif
