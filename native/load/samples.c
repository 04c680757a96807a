#include "load/samples.h"

#include <errno.h>
#include <stdlib.h>

#include "port/error.h"

int adk_samples_open(adk_samples_t *samples, uint32_t capacity)
{
    samples->length = 0;
    samples->capacity = capacity;
    samples->values = calloc(capacity, sizeof(samples->values[0]));
    if (NULL == samples->values)
    {
        adk_set_error(ENOMEM, "no memory for %u samples", capacity);
        return -1;
    }

    return 0;
}

void adk_samples_close(adk_samples_t *samples)
{
    free(samples->values);
    samples->values = NULL;
}

static int compare(const void *left, const void *right)
{
    const double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

double adk_samples_median(adk_samples_t *samples)
{
    if (0 == samples->length)
    {
        return 0;
    }

    qsort(samples->values, samples->length, sizeof(samples->values[0]), compare);
    return samples->values[(samples->length - 1) / 2];
}
