/*
 * A port is held, restarted and released while threads poll it, with adk_stack_reset_step() and
 * adk_stack_quiescent() themselves and DPDK's own quiescent states.
 */
#include "model.h"

#include "api/control.c"
#include "port/error.c"

#define POLLS (2)
#define STEPS (3)

static adk_stack_t stack;
static adk_lane_t lanes[ADK_ROLE_COUNT];
static uint64_t quiescence[64] __attribute__((aligned(RTE_CACHE_LINE_SIZE)));
static bool is_touched[ADK_ROLE_COUNT];
static bool is_restarting;
static int restarts; /* in this run */
static int restarts_in_all;
static _Atomic int configuration; /* stands for struct adk_port_stct, which a restart writes and the data path reads */

/* As the library does, but on the model's memory, and for fewer threads than the library's maximum. */
int rte_rcu_qsbr_thread_register(struct rte_rcu_qsbr *v, unsigned int thread_id)
{
    uint64_t *threads = __RTE_QSBR_THRID_ARRAY_ELM(v, 0);
    (void)__atomic_fetch_add(threads, UINT64_C(1) << thread_id, memory_order_release);
    return 0;
}

int adk_port_restart(adk_port_t *port)
{
    (void)port;
    model_require(!is_touched[ADK_ROLE_SENDER] && !is_touched[ADK_ROLE_RECEIVER], "a restart under a thread's hands");
    is_restarting = true;
    restarts++;
    restarts_in_all++;
    atomic_store_explicit(&configuration, restarts, memory_order_relaxed);
    model_stop(NULL);
    is_restarting = false;
    return 0;
}

static void begin(void)
{
    memset(&stack, 0, sizeof(stack));
    memset(lanes, 0, sizeof(lanes));
    memset(is_touched, 0, sizeof(is_touched));
    restarts = 0;
    is_restarting = false;
    stack.port.device = &stack.port;
    stack.lanes = lanes;
    stack.quiescence = (struct rte_rcu_qsbr *)quiescence;
    (void)rte_rcu_qsbr_init(stack.quiescence, ADK_ROLE_COUNT);
}

/* A thread that has polled before the run begins. */
static void begin_online(void)
{
    begin();
    for (enum adk_role_en role = ADK_ROLE_SENDER; role <= ADK_ROLE_RECEIVER; role++)
    {
        *__RTE_QSBR_THRID_ARRAY_ELM(stack.quiescence, 0) |= UINT64_C(1) << role;
        stack.quiescence->qsbr_cnt[role].cnt = stack.quiescence->token;
        lanes[role].role = role;
        lanes[role].is_online = true;
    }
}

/* As native/transport/poll.c does it. */
static void poll(enum adk_role_en role)
{
    lanes[role].role = role;
    for (int i = 0; i < POLLS; i++)
    {
        adk_stack_quiescent(&stack, &lanes[role]);
        if (!atomic_load_explicit(&stack.port.is_held, memory_order_acquire))
        {
            is_touched[role] = true;
            model_require(!is_restarting, "a thread touches a port that restarts");
            model_require(
                restarts == atomic_load_explicit(&configuration, memory_order_relaxed),
                "a thread sees a port as it was before its restart");
            model_require(!is_restarting, "a restart under a thread's hands");
            is_touched[role] = false;
        }
    }
}

static void sender(void)
{
    poll(ADK_ROLE_SENDER);
}

static void receiver(void)
{
    poll(ADK_ROLE_RECEIVER);
}

/* For each turn of the control loop; a run may end before the threads have reported a quiescent state. */
static void control(void)
{
    for (int i = 0; i < STEPS && 0 != adk_stack_reset_step(&stack); i++)
    {
    }
}

static void check(void)
{
    model_require(1 >= restarts, "one request, several restarts");
}

int main(void)
{
    void (*const two[])(void) = { control, receiver };
    void (*const all[])(void) = { control, receiver, sender };

    model_explore("a_thread_and_a_restart_keep_out_of_each_other_s_way", 4, begin_online, check, 2, two);
    model_explore("so_do_two_threads", 2, begin_online, check, 3, all);
    model_explore("so_does_a_thread_that_begins_to_poll", 4, begin, check, 2, two);
    model_require(0 != restarts_in_all, "no restart came about");
    return NULL == model_fault ? EXIT_SUCCESS : EXIT_FAILURE;
}
