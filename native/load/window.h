/* The measured time: its beginning and end on the measuring thread, and the driver's retransmits in between. */
#ifndef ADK_LOAD_WINDOW_H
#define ADK_LOAD_WINDOW_H

#include "load/thread.h"

typedef struct adk_window_stct
{
    const adk_load_t *load;           /* NULL where no driver runs */
    uint64_t retransmits;
    uint64_t naks;
} adk_window_t;

/*
 * Each calls getrusage(RUSAGE_THREAD) once, right at the edge of the measured time: by these two calls a program that
 * traces the thread knows what lies within the measured time.
 */
void adk_window_open(adk_window_t *window, const adk_load_t *load);
/* Fills in retransmits and naks of the result; messages, bytes and time are the caller's. */
void adk_window_close(const adk_window_t *window, adk_load_result_t *result);

#endif
