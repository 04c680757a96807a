/* DPDK's own function behind a test's function of the same name. */
#ifndef ADK_TESTS_DPDK_OWN_H
#define ADK_TESTS_DPDK_OWN_H

#include <dlfcn.h>

#include "suite.h"

static inline void *function_behind(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (NULL == found)
    {
        SKIP("DPDK is linked statically, so a test's function leaves none of the same name behind it");
    }
    return found;
}

#define DPDK_OWN(name) ((__typeof__(&name))(uintptr_t)function_behind(#name))

#endif
