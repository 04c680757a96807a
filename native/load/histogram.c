#include "load/histogram.h"

#include <stdlib.h>

adk_histogram_t *adk_histogram_create(void)
{
    return calloc(1, sizeof(adk_histogram_t));
}

void adk_histogram_free(adk_histogram_t *histogram)
{
    free(histogram);
}

uint32_t adk_histogram_length(void)
{
    return ADK_HISTOGRAM_LENGTH;
}

int64_t adk_histogram_value_ns(uint32_t bucket)
{
    if (bucket < (1U << ADK_HISTOGRAM_EXACT_BITS))
    {
        return bucket;
    }

    const uint32_t shift = (bucket >> ADK_HISTOGRAM_PART_BITS) - 1;
    const uint64_t part = bucket - (shift << ADK_HISTOGRAM_PART_BITS);
    return (int64_t)(((part + 1) << shift) - 1);
}

uint64_t adk_histogram_count(const adk_histogram_t *histogram, uint32_t bucket)
{
    return bucket < ADK_HISTOGRAM_LENGTH ? histogram->counts[bucket] : 0;
}

int64_t adk_histogram_max_ns(const adk_histogram_t *histogram)
{
    return histogram->max_ns;
}
