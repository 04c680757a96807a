/*
 * How other threads wake a control plane that sleeps, with a system call only when it does. Both sides write what they
 * have to say, pass a full fence and read what the other has said (Dekker's handshake): either the giver sees that a
 * wake-up is wanted, or the sleeper sees what there is to do before it sleeps.
 */
#ifndef ADK_PORT_WAKEUP_H
#define ADK_PORT_WAKEUP_H

#include <stdatomic.h>
#include <stdbool.h>

#include <rte_common.h>

typedef struct adk_wakeup_stct
{
    _Atomic bool is_wanted;
    int fd;                           /* an eventfd: readable when it was given */
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_wakeup_t;

/* NULL with the error set. */
adk_wakeup_t *adk_wakeup_open(void);
/* NULL is fine. */
void adk_wakeup_close(adk_wakeup_t *wakeup);

/* Any thread, once what there is to do can be seen: one system call for each sleep, however many give. */
void adk_wakeup_give(adk_wakeup_t *wakeup);

/* The sleeper, before it looks whether there is anything to do. */
void adk_wakeup_want(adk_wakeup_t *wakeup);
/*
 * The sleeper, awake: was the eventfd readable? A wake-up that is still on its way ends the next sleep at once, and is
 * taken then, although it was not that sleep's own.
 */
void adk_wakeup_taken(adk_wakeup_t *wakeup, bool is_readable);

#endif
