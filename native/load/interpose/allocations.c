/*
 * A library for LD_PRELOAD: counts the calls of the allocator that each thread makes, and passes them on to glibc by the
 * names it gives them for this purpose (glibc manual, "Replacing malloc"; __libc_malloc and its like are its own).
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define ADK_EXPORT __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

ADK_EXPORT int64_t adk_allocations_of_thread(void);
ADK_EXPORT void *malloc(size_t size);
ADK_EXPORT void *calloc(size_t count, size_t size);
ADK_EXPORT void *realloc(void *pointer, size_t size);
ADK_EXPORT void *memalign(size_t alignment, size_t size);
ADK_EXPORT void *aligned_alloc(size_t alignment, size_t size);
ADK_EXPORT int posix_memalign(void **pointer, size_t alignment, size_t size);
ADK_EXPORT void free(void *pointer);

/* initial-exec: the access itself must not allocate. */
static __thread int64_t calls __attribute__((tls_model("initial-exec")));

int64_t adk_allocations_of_thread(void)
{
    return calls;
}

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
