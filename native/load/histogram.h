/*
 * Counts of durations in log-linear buckets, as HdrHistogram lays them out (hdrhistogram.org): each power of two is
 * divided into equal parts, so that the relative error is bounded and recording is a shift, an add and an increment.
 */
#ifndef ADK_LOAD_HISTOGRAM_H
#define ADK_LOAD_HISTOGRAM_H

#include <assert.h>
#include <stdint.h>

#include "load/load.h"

/* 2^8 exact values, then 2^7 parts to each power of two: a relative error below 1/128. */
#define ADK_HISTOGRAM_EXACT_BITS (8)
#define ADK_HISTOGRAM_PART_BITS (ADK_HISTOGRAM_EXACT_BITS - 1)
/* Values above 2^36 ns, 69 s, are counted in the last bucket; no phase waits that long. */
#define ADK_HISTOGRAM_MAX_BITS (36)
#define ADK_HISTOGRAM_LENGTH \
    ((1 << ADK_HISTOGRAM_EXACT_BITS) + ((ADK_HISTOGRAM_MAX_BITS - ADK_HISTOGRAM_EXACT_BITS) << ADK_HISTOGRAM_PART_BITS))

struct adk_histogram_stct
{
    int64_t max_ns;
    uint64_t counts[ADK_HISTOGRAM_LENGTH];
};

static inline uint32_t adk_histogram_bucket(int64_t value_ns)
{
    const uint64_t value = value_ns < 0 ? 0 : (uint64_t)value_ns;

    if (value < (UINT64_C(1) << ADK_HISTOGRAM_EXACT_BITS))
    {
        return (uint32_t)value;
    }
    if (value >= (UINT64_C(1) << ADK_HISTOGRAM_MAX_BITS))
    {
        return ADK_HISTOGRAM_LENGTH - 1;
    }

    const uint32_t shift = (uint32_t)(63 - __builtin_clzll(value)) - ADK_HISTOGRAM_PART_BITS;
    return (shift << ADK_HISTOGRAM_PART_BITS) + (uint32_t)(value >> shift);
}

static inline void adk_histogram_record(adk_histogram_t *histogram, int64_t value_ns)
{
    histogram->counts[adk_histogram_bucket(value_ns)]++;
    if (value_ns > histogram->max_ns)
    {
        histogram->max_ns = value_ns;
    }
}

#endif
