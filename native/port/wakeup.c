#include "port/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "port/error.h"

adk_wakeup_t *adk_wakeup_open(void)
{
    adk_wakeup_t *wakeup = aligned_alloc(_Alignof(adk_wakeup_t), sizeof(*wakeup));
    if (NULL == wakeup)
    {
        adk_set_error(ENOMEM, "no memory for the control plane's wake-up");
        return NULL;
    }

    atomic_init(&wakeup->is_wanted, false);
    wakeup->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wakeup->fd < 0)
    {
        adk_set_error(errno, "eventfd for the control plane's wake-up: %s", strerror(errno));
        free(wakeup);
        return NULL;
    }
    return wakeup;
}

void adk_wakeup_close(adk_wakeup_t *wakeup)
{
    if (NULL != wakeup)
    {
        (void)close(wakeup->fd);
        free(wakeup);
    }
}

void adk_wakeup_give(adk_wakeup_t *wakeup)
{
    const uint64_t one = 1;

    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&wakeup->is_wanted, memory_order_relaxed) &&
        atomic_exchange_explicit(&wakeup->is_wanted, false, memory_order_relaxed))
    {
        (void)!write(wakeup->fd, &one, sizeof(one));
    }
}

void adk_wakeup_want(adk_wakeup_t *wakeup)
{
    atomic_store_explicit(&wakeup->is_wanted, true, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

void adk_wakeup_taken(adk_wakeup_t *wakeup, bool is_readable)
{
    uint64_t given;

    if (!atomic_exchange_explicit(&wakeup->is_wanted, false, memory_order_relaxed) || is_readable)
    {
        (void)!read(wakeup->fd, &given, sizeof(given));
    }
}
