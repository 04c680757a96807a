/* Assertions for native tests; the first one that fails ends the program with a line that says where. */
#ifndef ADK_TESTS_CHECK_H
#define ADK_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                              \
    do                                                                                \
    {                                                                                 \
        if (!(condition))                                                             \
        {                                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(EXIT_FAILURE);                                                       \
        }                                                                             \
    } while (0)

#define CHECK_EQUAL(expected, actual)                           \
    do                                                          \
    {                                                           \
        const long long suite_expected = (long long)(expected); \
        const long long suite_actual = (long long)(actual);     \
        if (suite_expected != suite_actual)                     \
        {                                                       \
            fprintf(                                            \
                stderr,                                         \
                "%s:%d: %s is %lld, expected %lld\n",           \
                __FILE__,                                       \
                __LINE__,                                       \
                #actual,                                        \
                suite_actual,                                   \
                suite_expected);                                \
            exit(EXIT_FAILURE);                                 \
        }                                                       \
    } while (0)

#endif
