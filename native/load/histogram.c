#include "load/histogram.h"

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
