/*
 * Aeron's two clocks, cheaper. A duty cycle of the driver reads them four times, and most of what it costs to be idle is
 * those four calls: the vDSO orders its reading of the TSC, which nothing here needs.
 */
#ifndef ADK_TRANSPORT_CLOCK_H
#define ADK_TRANSPORT_CLOCK_H

#include <stdint.h>

/* Measures the TSC against CLOCK_MONOTONIC; takes some milliseconds. Once, before the first reading. */
void adk_clock_calibrate(void);

/* ns of CLOCK_MONOTONIC, off by a few millionths of the time since the calibration. Only for a TSC that never stops. */
int64_t adk_clock_nano(void);

/* ms of CLOCK_REALTIME as of the kernel's last tick: at most 10 ms ago, and Aeron's time-outs are seconds. */
int64_t adk_clock_epoch(void);

#endif
