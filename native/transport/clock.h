/*
 * Cheaper versions of Aeron's two clocks. A duty cycle of the driver reads them four times, and those four calls are
 * most of the cost of idling: the vDSO orders its reads of the TSC, which nothing here needs.
 */
#ifndef ADK_TRANSPORT_CLOCK_H
#define ADK_TRANSPORT_CLOCK_H

#include <stdint.h>

/* Measures the TSC against CLOCK_MONOTONIC; takes some milliseconds. To be called once, before the first reading. */
void adk_clock_calibrate(void);

/* CLOCK_MONOTONIC in ns, off by a few millionths of the time since the calibration. Only for an invariant TSC. */
int64_t adk_clock_nano(void);

/* CLOCK_REALTIME in ms as of the kernel's last tick: at most 10 ms ago, and Aeron's time-outs are seconds. */
int64_t adk_clock_epoch(void);

#endif
