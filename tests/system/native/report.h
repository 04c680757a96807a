/* One JSON object per line on stdout: {"event": …}. The parent process reads it while the program runs. */
#ifndef AERON_DPDK_TEST_REPORT_H
#define AERON_DPDK_TEST_REPORT_H

#include <stdio.h>
#include <string.h>

static inline void report_string_n(const char *text, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++)
    {
        const unsigned char c = (unsigned char)text[i];
        if ('"' == c || '\\' == c)
        {
            printf("\\%c", c);
        }
        else if (c < 0x20 || c > 0x7e)
        {
            printf("\\u%04x", c);
        }
        else
        {
            putchar(c);
        }
    }
    putchar('"');
}

static inline void report_string(const char *text)
{
    report_string_n(text, strlen(text));
}

static inline void report_event(const char *event)
{
    printf("{\"event\":\"%s\"}\n", event);
    fflush(stdout);
}

static inline void report_error(const char *doing, int code, const char *message)
{
    printf("{\"event\":\"error\",\"doing\":\"%s\",\"code\":%d,\"message\":", doing, code);
    report_string(message);
    printf("}\n");
    fflush(stdout);
}

#endif
