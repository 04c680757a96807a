/*
 * Functions that objects compiled against Debian 13's C library call, and that Debian 11's C library lacks.
 *
 * Debian 13's headers give strtol() and its relatives these longer names. glibc's also read C23's 0b101; these do not.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READS(type, name)                                         \
    type __isoc23_##name(const char *text, char **end, int base); \
    type __isoc23_##name(const char *text, char **end, int base)  \
    {                                                             \
        return name(text, end, base);                             \
    }

READS(long, strtol)
READS(long long, strtoll)
READS(unsigned long, strtoul)
READS(unsigned long long, strtoull)

int __isoc23_sscanf(const char *text, const char *format, ...);
int __isoc23_sscanf(const char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int found = vsscanf(text, format, arguments);
    va_end(arguments);
    return found;
}

int __isoc23_fscanf(FILE *file, const char *format, ...);
int __isoc23_fscanf(FILE *file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int found = vfscanf(file, format, arguments);
    va_end(arguments);
    return found;
}

/* In glibc since 2.38. Callers use __strlcpy_chk() where the compiler knows the size of the destination. */
static size_t copy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);
    if (size > 0)
    {
        size_t kept = length < size ? length : size - 1;
        memcpy(to, from, kept);
        to[kept] = '\0';
    }
    return length;
}

size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcpy(char *to, const char *from, size_t size)
{
    return copy(to, from, size);
}

size_t strlcat(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size)
{
    size_t used = strnlen(to, size);
    return used + copy(to + used, from, size - used);
}

size_t __strlcpy_chk(char *to, const char *from, size_t size, size_t room);
size_t __strlcpy_chk(char *to, const char *from, size_t size, size_t room)
{
    return size > room ? (abort(), 0) : copy(to, from, size);
}

#ifdef __aarch64__
/*
 * GCC 14 calls this for __sync_val_compare_and_swap() where the CPU may lack the instruction. libgcc has it from GCC 12
 * on; Debian 11 has GCC 10.
 */
unsigned __aarch64_cas4_sync(unsigned expected, unsigned desired, unsigned *word);
unsigned __aarch64_cas4_sync(unsigned expected, unsigned desired, unsigned *word)
{
    return __sync_val_compare_and_swap(word, expected, desired);
}
#endif
