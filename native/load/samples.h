/* A few thousand measured values, and their median: one disturbed sample does not move it. */
#ifndef ADK_LOAD_SAMPLES_H
#define ADK_LOAD_SAMPLES_H

#include <stdint.h>

typedef struct adk_samples_stct
{
    double *values;
    uint32_t length;
    uint32_t capacity;
} adk_samples_t;

/* capacity 1 or more; 0, or -1 with the error set. */
int adk_samples_open(adk_samples_t *samples, uint32_t capacity);
void adk_samples_close(adk_samples_t *samples);

static inline void adk_samples_clear(adk_samples_t *samples)
{
    samples->length = 0;
}

/* Beyond the capacity nothing is added. */
static inline void adk_samples_add(adk_samples_t *samples, double value)
{
    if (samples->length < samples->capacity)
    {
        samples->values[samples->length++] = value;
    }
}

/* Sorts them; of an even number the lower middle one, 0 when there are none. */
double adk_samples_median(adk_samples_t *samples);

#endif
