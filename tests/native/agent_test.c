/* What every thread of the driver does first, after the EAL has pinned the thread that creates the others. */
#include <pthread.h>

#include <rte_lcore.h>

#include "transport/agent.h"

#include "eal.h"
#include "suite.h"

static cpu_set_t mask_before_eal(void)
{
    static cpu_set_t mask;
    static bool is_known;
    if (!is_known)
    {
        CHECK_EQUAL(0, sched_getaffinity(0, sizeof(mask), &mask));
        is_known = true;
        eal_start();
    }
    return mask;
}

static adk_agent_start_t agent_start_of_test(void)
{
    adk_agent_start_t start = { .process_mask = mask_before_eal() };
    CHECK_EQUAL(0, aeron_driver_context_init(&start.context));
    return start;
}

typedef struct agent_stct
{
    adk_agent_start_t *start;
    const char *role_name;
    cpu_set_t mask;
    unsigned int lcore_id;
} agent_t;

static void *run_agent(void *state)
{
    agent_t *agent = state;
    adk_agent_on_start(agent->start, agent->role_name);
    CHECK_EQUAL(0, pthread_getaffinity_np(pthread_self(), sizeof(agent->mask), &agent->mask));
    agent->lcore_id = rte_lcore_id();
    rte_thread_unregister();
    return NULL;
}

static agent_t agent_after_start(adk_agent_start_t *start, const char *role_name)
{
    agent_t agent = { .start = start, .role_name = role_name };
    pthread_t thread;
    CHECK_EQUAL(0, pthread_create(&thread, NULL, run_agent, &agent));
    CHECK_EQUAL(0, pthread_join(thread, NULL));
    return agent;
}

TEST(a_thread_without_an_affinity_of_its_own_gets_the_processs_and_not_the_eals_one_core)
{
    adk_agent_start_t start = agent_start_of_test();
    cpu_set_t pinned;

    CHECK_EQUAL(0, sched_getaffinity(0, sizeof(pinned), &pinned));
    CHECK_EQUAL(1, CPU_COUNT(&pinned));
    const agent_t agent = agent_after_start(&start, "sender");
    CHECK(CPU_EQUAL(&start.process_mask, &agent.mask));
    CHECK_EQUAL(0, aeron_driver_context_close(start.context));
}

TEST(a_thread_with_an_affinity_keeps_to_it)
{
    adk_agent_start_t start = agent_start_of_test();
    size_t core = CPU_SETSIZE - 1;

    while (!CPU_ISSET(core, &start.process_mask))
    {
        core--;
    }
    CHECK_EQUAL(0, aeron_driver_context_set_receiver_cpu_affinity(start.context, (int32_t)core));
    const agent_t agent = agent_after_start(&start, "receiver");
    CHECK_EQUAL(1, CPU_COUNT(&agent.mask));
    CHECK(CPU_ISSET(core, &agent.mask));
    CHECK_EQUAL(0, aeron_driver_context_close(start.context));
}

TEST(every_thread_has_an_lcore_id_and_with_it_mempool_caches)
{
    adk_agent_start_t start = agent_start_of_test();
    const agent_t agent = agent_after_start(&start, "sender");

    CHECK(LCORE_ID_ANY != agent.lcore_id);
    CHECK(rte_get_main_lcore() != agent.lcore_id);
    CHECK_EQUAL(0, aeron_driver_context_close(start.context));
}
