/* The measured time on the measuring thread, and what the driver sent again in it. */
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
 * Each makes one getrusage(RUSAGE_THREAD) call right at the edge of the measured time: a program that watches the
 * thread from outside knows the measured time by these two.
 */
void adk_window_open(adk_window_t *window, const adk_load_t *load);
/* Fills the parts of the result that belong to the window; messages, bytes and time are the caller's. */
void adk_window_close(const adk_window_t *window, adk_load_result_t *result);

#endif
