#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "api/internal.h"
#include "port/error.h"

/*
 * Each thread has its own capabilities, and only the thread itself can give them up (capabilities(7)). So each thread
 * is asked by a signal, as glibc does for a change of ids (nptl/nptl_setxid.c). This is needed for a thread whose ids
 * do not change: on a change of ids the kernel drops capabilities only of threads that were root.
 */
#define ADK_GIVE_UP_SIGNAL SIGRTMAX

/* Calls nothing that is not async-signal-safe. */
static void give_up(int number)
{
    (void)number;
    const int interrupted_errno = errno;
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
    (void)syscall(SYS_capset, &header, none);
    errno = interrupted_errno;
}

int adk_give_up_capabilities(int thread_id)
{
    struct sigaction action = { .sa_handler = give_up, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (0 != sigaction(ADK_GIVE_UP_SIGNAL, &action, NULL) ||
        (0 != syscall(SYS_tgkill, getpid(), thread_id, ADK_GIVE_UP_SIGNAL) && ESRCH != errno))
    {
        adk_set_error(errno, "capabilities of thread %d: %s", thread_id, strerror(errno));
        return -1;
    }
    return 0;
}
