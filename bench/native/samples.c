#include "bench/native/samples.h"

#include <stdio.h>

void print_samples(const char *series, uint32_t channels, const double *samples, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
    {
        (void)printf("%s %u %.2f\n", series, channels, samples[i]);
    }
}
