/* One EAL per test program, started by the first test that needs it: no huge pages, no devices, no files. */
#ifndef ADK_TESTS_EAL_H
#define ADK_TESTS_EAL_H

#include <stdbool.h>

#include "api/aeron_dpdk.h"
#include "check.h"

static inline void eal_start(void)
{
    static bool is_started;
    static char *arguments[] = { "native-test",    "--no-huge",         "-m", "384", "--no-shconf", "--no-pci",
                                 "--no-telemetry", "--log-level=error", "-l", "0",   NULL };

    if (!is_started)
    {
        CHECK(adk_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) >= 0);
        is_started = true;
    }
}

#endif
