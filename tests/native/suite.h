/*
 * A native test program. It holds tests and nothing else; main() is here.
 *
 *     TEST(a_frame_without_a_whole_header_is_truncated)
 *     {
 *         CHECK(ADK_COUNT_RX_TRUNCATED == verdict_of(frame, 13));
 *     }
 *
 * tests/native/test_programs.py finds each TEST in the source and looks for its "ok NAME"; by hand, `program` runs all
 * of them and `program NAME` one. Exits 0 when each was true to the end.
 */
#ifndef ADK_TESTS_SUITE_H
#define ADK_TESTS_SUITE_H

#include "check.h"

#define SUITE_MAX (256)
#define SUITE_SKIPPED (77)

typedef struct suite_test_stct
{
    const char *name;
    void (*run)(void);
} suite_test_t;

static suite_test_t suite_tests[SUITE_MAX];
static int suite_length;

static void suite_add(const char *name, void (*run)(void))
{
    if (SUITE_MAX == suite_length)
    {
        fprintf(stderr, "more than %d tests in one program: raise SUITE_MAX\n", SUITE_MAX);
        exit(EXIT_FAILURE);
    }
    suite_tests[suite_length++] = (suite_test_t){ .name = name, .run = run };
}

#define TEST(name)                                                  \
    static void name(void);                                         \
    __attribute__((constructor)) static void suite_add_##name(void) \
    {                                                               \
        suite_add(#name, name);                                     \
    }                                                               \
    static void name(void)

/* For tests that this machine cannot run; pytest's summary shows the reason. */
#define SKIP(reason)            \
    do                          \
    {                           \
        printf("%s\n", reason); \
        exit(SUITE_SKIPPED);    \
    } while (0)

int main(int argc, char **argv)
{
    int ran = 0;
    for (int i = 0; i < suite_length; i++)
    {
        if (1 == argc || 0 == strcmp(argv[1], suite_tests[i].name))
        {
            suite_tests[i].run();
            printf("ok %s\n", suite_tests[i].name);
            ran++;
        }
    }
    if (0 == ran)
    {
        fprintf(stderr, "no test of that name\n");
        return EXIT_FAILURE;
    }
    printf("%d passed\n", ran);
    return EXIT_SUCCESS;
}

#endif
