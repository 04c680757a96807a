/*
 * A library for LD_PRELOAD that records what the kernel and the allocator do to a thread in its measured time, which is
 * between two getrusage(RUSAGE_THREAD) calls (native/load/window.h). At the second call it writes a line to the file
 * named by ADK_DISTURBANCE and the process id.
 *
 * The allocator's calls are counted and passed on to glibc under the names it provides for this purpose (glibc manual,
 * "Replacing malloc"; __libc_malloc and the like are glibc's own).
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define INTERRUPTS_LINE_LENGTH (8192)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

EXPORT void *malloc(size_t size);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *pointer, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT int posix_memalign(void **pointer, size_t alignment, size_t size);
EXPORT void free(void *pointer);

/* initial-exec: accessing the variable must not allocate. */
static __thread int64_t calls __attribute__((tls_model("initial-exec")));

void *malloc(size_t size)
{
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    calls++;
    return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size)
{
    calls++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    calls++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size)
{
    calls++;
    *pointer = __libc_memalign(alignment, size);
    return NULL == *pointer ? ENOMEM : 0;
}

void free(void *pointer)
{
    calls++;
    __libc_free(pointer);
}

/* Column of this CPU in the TLB line of /proc/interrupts, whose columns are the online CPUs; -1 without one. */
static int64_t tlb_shootdowns(void)
{
    char line[INTERRUPTS_LINE_LENGTH];
    char own[16];
    int64_t found = -1;
    FILE *file = fopen("/proc/interrupts", "r");

    if (NULL == file)
    {
        return -1;
    }

    int column = -1;
    (void)snprintf(own, sizeof(own), "CPU%d", sched_getcpu());
    while (NULL != fgets(line, sizeof(line), file))
    {
        char *rest = NULL;
        const char *word = strtok_r(line, " \n", &rest);
        const bool is_head = NULL != word && 0 == strncmp(word, "CPU", 3);

        if (NULL == word || (!is_head && 0 != strcmp(word, "TLB:")))
        {
            continue;
        }
        if (!is_head)
        {
            word = strtok_r(NULL, " \n", &rest);
        }
        for (int i = 0; NULL != word; i++, word = strtok_r(NULL, " \n", &rest))
        {
            if (is_head && 0 == strcmp(word, own))
            {
                column = i;
            }
            if (!is_head && i == column)
            {
                found = strtoll(word, NULL, 10);
            }
        }
    }

    (void)fclose(file);
    return found;
}

typedef struct edge_stct
{
    int64_t allocations;
    int64_t tlb_shootdowns;
    struct rusage usage;
} edge_t;

/* Allocations, page faults, voluntary and involuntary context switches, TLB shoot-downs of the CPU or -1. */
static void write_line(const edge_t *before, const edge_t *after)
{
    char name[4096];
    const char *prefix = getenv("ADK_DISTURBANCE");

    (void)snprintf(name, sizeof(name), "%s%d", NULL == prefix ? "" : prefix, (int)getpid());
    FILE *file = NULL == prefix ? NULL : fopen(name, "a");
    if (NULL == file)
    {
        return;
    }

    const struct rusage *from = &before->usage;
    const struct rusage *to = &after->usage;
    (void)fprintf(
        file,
        "%" PRId64 " %ld %ld %ld %" PRId64 "\n",
        after->allocations - before->allocations,
        to->ru_minflt + to->ru_majflt - from->ru_minflt - from->ru_majflt,
        to->ru_nvcsw - from->ru_nvcsw,
        to->ru_nivcsw - from->ru_nivcsw,
        before->tlb_shootdowns < 0 ? -1 : after->tlb_shootdowns - before->tlb_shootdowns);
    (void)fclose(file);
}

/* glibc declares `who` as an enum, and GCC 13 and later refuse an int in its place. */
EXPORT int getrusage(__rusage_who_t who, struct rusage *usage)
{
    static __thread edge_t before;
    static __thread bool is_measured;

    if (RUSAGE_THREAD != who)
    {
        return (int)syscall(SYS_getrusage, who, usage);
    }

    /* Our own readings stay outside the measured time: the first thing at its end, the last before it begins. */
    edge_t edge = { .allocations = calls };
    if (!is_measured)
    {
        edge.tlb_shootdowns = tlb_shootdowns();
        edge.allocations = calls;
    }
    const int result = (int)syscall(SYS_getrusage, who, &edge.usage);
    *usage = edge.usage;
    if (is_measured)
    {
        edge.tlb_shootdowns = tlb_shootdowns();
        write_line(&before, &edge);
    }
    before = edge;
    is_measured = !is_measured;
    return result;
}
