/*
 * How other threads wake a sleeping control plane, making a system call only when it does sleep. Each side writes its
 * message, passes a full fence and reads the other's message (Dekker's handshake): either the giver sees that a wake-up
 * is wanted, or the sleeper sees the work before it sleeps.
 */
#ifndef ADK_PORT_WAKEUP_H
#define ADK_PORT_WAKEUP_H

#include <stdatomic.h>
#include <stdbool.h>

#include <rte_common.h>

typedef struct adk_wakeup_stct
{
    _Atomic bool is_wanted;
    int fd;                           /* an eventfd: readable after a wake-up was given */
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_wakeup_t;

/* NULL with the error set. */
adk_wakeup_t *adk_wakeup_open(void);
/* NULL is fine. */
void adk_wakeup_close(adk_wakeup_t *wakeup);

/* Any thread, once the work is visible: one system call per sleep, no matter how many threads give. */
void adk_wakeup_give(adk_wakeup_t *wakeup);

/* The sleeper, before it checks for work. */
void adk_wakeup_want(adk_wakeup_t *wakeup);
/*
 * The sleeper, awake: was the eventfd readable? A wake-up still on its way ends the next sleep at once, and is consumed
 * then, although it was not meant for that sleep.
 */
void adk_wakeup_taken(adk_wakeup_t *wakeup, bool is_readable);

#endif
