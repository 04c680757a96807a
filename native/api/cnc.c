#include "api/cnc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aeron_common.h"
#include "aeronc.h"
#include "concurrent/aeron_counters_manager.h"
#include "port/error.h"
#include "util/aeron_error.h"
#include "util/aeron_fileutil.h"

static_assert(sizeof(((adk_cnc_counter_t *)0)->key) == sizeof(((aeron_counter_metadata_descriptor_t *)0)->key), "key");
static_assert(
    sizeof(((adk_cnc_counter_t *)0)->label) == sizeof(((aeron_counter_metadata_descriptor_t *)0)->label), "label");

/* A growing array of entries of one kind. */
typedef struct adk_listing_stct
{
    void *entries;
    size_t entry_size;
    size_t length;
    size_t capacity;
    bool is_incomplete;               /* there was no memory for one of them */
} adk_listing_t;

struct adk_cnc_stct
{
    aeron_cnc_t *cnc;
    adk_listing_t counters;
    adk_listing_t errors;
    adk_listing_t losses;
};

static int fail(const char *step)
{
    adk_set_error(abs(aeron_errcode()), "%s: %s", step, aeron_errmsg());
    aeron_err_clear();
    return -1;
}

/* A zeroed entry at the end of the listing, or NULL. */
static void *append(adk_listing_t *listing)
{
    if (listing->length == listing->capacity)
    {
        const size_t capacity = 0 == listing->capacity ? 64 : 2 * listing->capacity;
        void *entries = realloc(listing->entries, capacity * listing->entry_size);
        if (NULL == entries)
        {
            listing->is_incomplete = true;
            return NULL;
        }
        listing->entries = entries;
        listing->capacity = capacity;
    }

    void *entry = (uint8_t *)listing->entries + listing->length++ * listing->entry_size;
    memset(entry, 0, listing->entry_size);
    return entry;
}

static int64_t finish(const adk_listing_t *listing)
{
    if (listing->is_incomplete)
    {
        adk_set_error(ENOMEM, "no memory for more than %zu entries of the CnC file", listing->length);
        return -1;
    }
    return (int64_t)listing->length;
}

static char *copy_text(adk_listing_t *listing, const char *text, size_t length)
{
    char *copy = strndup(text, length);
    listing->is_incomplete = listing->is_incomplete || NULL == copy;
    return copy;
}

static void empty_errors(adk_cnc_t *cnc)
{
    adk_cnc_error_t *entries = cnc->errors.entries;
    for (size_t i = 0; i < cnc->errors.length; i++)
    {
        free(entries[i].text);
    }
    cnc->errors.length = 0;
}

static void empty_losses(adk_cnc_t *cnc)
{
    adk_cnc_loss_t *entries = cnc->losses.entries;
    for (size_t i = 0; i < cnc->losses.length; i++)
    {
        free(entries[i].channel);
        free(entries[i].source);
    }
    cnc->losses.length = 0;
}

adk_cnc_t *adk_cnc_open(const char *aeron_dir, int64_t timeout_ms)
{
    adk_cnc_t *cnc = calloc(1, sizeof(*cnc));
    if (NULL == cnc)
    {
        adk_set_error(ENOMEM, "no memory for the CnC file's reader");
        return NULL;
    }

    cnc->counters.entry_size = sizeof(adk_cnc_counter_t);
    cnc->errors.entry_size = sizeof(adk_cnc_error_t);
    cnc->losses.entry_size = sizeof(adk_cnc_loss_t);
    if (aeron_cnc_init(&cnc->cnc, aeron_dir, timeout_ms) < 0)
    {
        (void)fail("CnC file");
        free(cnc);
        return NULL;
    }
    return cnc;
}

void adk_cnc_close(adk_cnc_t *cnc)
{
    if (NULL == cnc)
    {
        return;
    }
    empty_errors(cnc);
    empty_losses(cnc);
    free(cnc->counters.entries);
    free(cnc->errors.entries);
    free(cnc->losses.entries);
    aeron_cnc_close(cnc->cnc);
    free(cnc);
}

int adk_cnc_facts(adk_cnc_t *cnc, adk_cnc_facts_t *facts)
{
    aeron_cnc_constants_t constants;
    if (aeron_cnc_constants(cnc->cnc, &constants) < 0)
    {
        return fail("CnC constants");
    }

    *facts = (adk_cnc_facts_t){
        .pid = constants.pid,
        .start_ms = constants.start_timestamp,
        .heartbeat_ms = aeron_cnc_to_driver_heartbeat(cnc->cnc),
        .client_liveness_timeout_ns = constants.client_liveness_timeout,
        .version = constants.cnc_version,
    };
    return 0;
}

static void on_counter(
    int64_t value,
    int32_t id,
    int32_t type_id,
    const uint8_t *key,
    size_t key_length,
    const char *label,
    size_t label_length,
    void *clientd)
{
    adk_cnc_t *cnc = clientd;
    adk_cnc_counter_t *counter = append(&cnc->counters);
    if (NULL == counter)
    {
        return;
    }

    counter->id = id;
    counter->type_id = type_id;
    counter->value = value;
    counter->label_length = (int32_t)(label_length < sizeof(counter->label) ? label_length : sizeof(counter->label));
    memcpy(counter->key, key, key_length);
    memcpy(counter->label, label, (size_t)counter->label_length);
    (void)aeron_counters_reader_counter_registration_id(
        aeron_cnc_counters_reader(cnc->cnc), id, &counter->registration_id);
}

int64_t adk_cnc_read_counters(adk_cnc_t *cnc, const adk_cnc_counter_t **entries)
{
    cnc->counters.length = 0;
    cnc->counters.is_incomplete = false;
    aeron_counters_reader_foreach_counter(aeron_cnc_counters_reader(cnc->cnc), on_counter, cnc);
    *entries = cnc->counters.entries;
    return finish(&cnc->counters);
}

static void on_error(
    int32_t observation_count, int64_t first_ms, int64_t last_ms, const char *text, size_t length, void *clientd)
{
    adk_listing_t *errors = clientd;
    adk_cnc_error_t *error = append(errors);
    if (NULL != error)
    {
        error->observations = observation_count;
        error->first_ms = first_ms;
        error->last_ms = last_ms;
        error->text = copy_text(errors, text, length);
    }
}

int64_t adk_cnc_read_errors(adk_cnc_t *cnc, const adk_cnc_error_t **entries)
{
    empty_errors(cnc);
    cnc->errors.is_incomplete = false;
    (void)aeron_cnc_error_log_read(cnc->cnc, on_error, &cnc->errors, 0);
    *entries = cnc->errors.entries;
    return finish(&cnc->errors);
}

static void on_loss(
    void *clientd,
    int64_t observation_count,
    int64_t total_bytes_lost,
    int64_t first_ms,
    int64_t last_ms,
    int32_t session_id,
    int32_t stream_id,
    const char *channel,
    int32_t channel_length,
    const char *source,
    int32_t source_length)
{
    adk_listing_t *losses = clientd;
    adk_cnc_loss_t *loss = append(losses);
    if (NULL != loss)
    {
        loss->observations = observation_count;
        loss->bytes = total_bytes_lost;
        loss->first_ms = first_ms;
        loss->last_ms = last_ms;
        loss->session_id = session_id;
        loss->stream_id = stream_id;
        loss->channel = copy_text(losses, channel, (size_t)channel_length);
        loss->source = copy_text(losses, source, (size_t)source_length);
    }
}

int64_t adk_cnc_read_losses(adk_cnc_t *cnc, const adk_cnc_loss_t **entries)
{
    empty_losses(cnc);
    cnc->losses.is_incomplete = false;
    if (aeron_cnc_loss_reporter_read(cnc->cnc, on_loss, &cnc->losses) < 0)
    {
        return fail("loss report");
    }
    *entries = cnc->losses.entries;
    return finish(&cnc->losses);
}
