#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_memory.h>
#include <rte_timer.h>
#include <rte_version.h>

#include "api/internal.h"
#include "port/error.h"
#include "port/port.h"

/* A process has one EAL, so its state is per process too. */
static cpu_set_t process_mask;

const cpu_set_t *adk_eal_process_mask(void)
{
    return &process_mask;
}

const char *adk_dpdk_version(void)
{
    return rte_version();
}

int adk_eal_init(int argc, char **argv)
{
    if (0 != sched_getaffinity(0, sizeof(process_mask), &process_mask))
    {
        adk_set_error(errno, "sched_getaffinity: %s", strerror(errno));
        return -1;
    }

    const int result = rte_eal_init(argc, argv);
    if (result < 0)
    {
        adk_set_error(rte_errno, "rte_eal_init: %s", rte_strerror(rte_errno));
        return -1;
    }
    // net_ena's probe has started it already (DPDK drivers/net/ena/ena_ethdev.c).
    const int timers = rte_timer_subsystem_init();
    if (0 != timers && -EALREADY != timers)
    {
        adk_set_error(ENOMEM, "rte_timer_subsystem_init failed");
        return -1;
    }
    return result;
}

void adk_eal_cleanup(void)
{
    rte_timer_subsystem_finalize();
    if (!adk_port_forbids_cleanup())
    {
        (void)rte_eal_cleanup();
    }
}

static int keep_page(const struct rte_memseg_list *list, const struct rte_memseg *page, void *clientd)
{
    (void)clientd;
    rte_mem_virt2memseg(page->addr, list)->flags |= RTE_MEMSEG_FLAG_DO_NOT_FREE;
    return 0;
}

void adk_eal_keep_pages(void)
{
    (void)rte_memseg_walk(keep_page, NULL);
}

int adk_eal_has_hugepages(void)
{
    return rte_eal_has_hugepages();
}
