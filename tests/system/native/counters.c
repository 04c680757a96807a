/* Prints every counter and every distinct error in a driver's CnC file as one JSON object. */
#include <stdio.h>

#include "aeronc.h"
#include "report.h"

typedef struct listing_stct
{
    int count;
} listing_t;

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
    listing_t *listing = clientd;
    (void)key;
    (void)key_length;

    printf(
        "%s{\"id\":%d,\"type_id\":%d,\"value\":%lld,\"label\":",
        0 == listing->count++ ? "" : ",",
        id,
        type_id,
        (long long)value);
    report_string_n(label, label_length);
    printf("}");
}

static void on_error(
    int32_t observation_count,
    int64_t first_observation_timestamp,
    int64_t last_observation_timestamp,
    const char *error,
    size_t error_length,
    void *clientd)
{
    listing_t *listing = clientd;
    (void)first_observation_timestamp;
    (void)last_observation_timestamp;

    printf("%s{\"observations\":%d,\"text\":", 0 == listing->count++ ? "" : ",", observation_count);
    report_string_n(error, error_length);
    printf("}");
}

int main(int argc, char **argv)
{
    aeron_cnc_t *cnc = NULL;
    aeron_cnc_constants_t constants;
    listing_t counters = { 0 };
    listing_t errors = { 0 };

    if (2 != argc || aeron_cnc_init(&cnc, argv[1], 1000) < 0)
    {
        report_error("cnc", aeron_errcode(), 2 == argc ? aeron_errmsg() : "usage: counters AERON_DIR");
        return 1;
    }

    if (aeron_cnc_constants(cnc, &constants) < 0)
    {
        report_error("cnc constants", aeron_errcode(), aeron_errmsg());
        return 1;
    }
    printf("{\"pid\":%lld,\"counters\":[", (long long)constants.pid);
    aeron_counters_reader_foreach_counter(aeron_cnc_counters_reader(cnc), on_counter, &counters);
    printf("],\"errors\":[");
    aeron_cnc_error_log_read(cnc, on_error, &errors, 0);
    printf("]}\n");

    aeron_cnc_close(cnc);
    return 0;
}
