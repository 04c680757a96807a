/* The output of single_costs. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdint.h>

/* One line per sample, in nanoseconds. */
void print_samples(const char *series, uint32_t channels, const double *samples, uint32_t length);

#endif
