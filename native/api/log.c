/* How DPDK's log lines reach the control plane, and how they get out of a process that crashes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_log.h>

#include "api/internal.h"
#include "port/error.h"

#define CRASHES_LENGTH (sizeof(crashes) / sizeof(crashes[0]))

/* A process has one EAL, and one set of signal handlers. */
static FILE *log_stream;
static int log_fd = -1;
static int drain_from = -1;
static int drain_to = -1;
static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };

/* Called for each line, while rte_log() can still tell its level: levels are syslog's plus one (rte_log.h). */
static ssize_t write_line(void *cookie, const char *data, size_t length)
{
    const int level = rte_log_cur_msg_loglevel();
    char priority[] = "<6>";
    const struct iovec parts[] = { { .iov_base = priority, .iov_len = sizeof(priority) - 1 },
                                   { .iov_base = (void *)(uintptr_t)data, .iov_len = length } };

    (void)cookie;
    if (level >= (int)RTE_LOG_EMERG && level <= (int)RTE_LOG_DEBUG)
    {
        priority[1] = (char)('0' + level - (int)RTE_LOG_EMERG);
    }
    (void)!writev(log_fd, parts, 2);
    return (ssize_t)length;
}

int adk_eal_log_to(int fd)
{
    static const cookie_io_functions_t functions = { .write = write_line };
    FILE *stream = fd < 0 ? NULL : fopencookie(NULL, "w", functions);
    if (fd >= 0 && NULL == stream)
    {
        adk_set_error(errno, "log to descriptor %d: %s", fd, strerror(errno));
        return -1;
    }
    if (NULL != stream)
    {
        (void)setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    }

    log_fd = fd;
    (void)rte_openlog_stream(stream);
    if (NULL != log_stream)
    {
        (void)fclose(log_stream);
    }
    log_stream = stream;
    return 0;
}

/* Async-signal-safe calls only. The handler was reset when it was invoked, so the signal ends the process. */
static void on_crash(int number)
{
    char buffer[4096];
    ssize_t length;

    (void)fcntl(drain_from, F_SETFL, O_NONBLOCK);
    while ((length = read(drain_from, buffer, sizeof(buffer))) > 0)
    {
        if (write(drain_to, buffer, (size_t)length) < 0)
        {
            break;
        }
    }
    (void)raise(number);
}

void adk_log_drain_on_crash(int from, int to)
{
    struct sigaction action = { .sa_flags = (int)SA_RESETHAND };

    drain_from = from;
    drain_to = to;
    action.sa_handler = from < 0 ? SIG_DFL : on_crash;
    for (size_t i = 0; i < CRASHES_LENGTH; i++)
    {
        (void)sigaction(crashes[i], &action, NULL);
    }
}
