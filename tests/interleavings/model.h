/*
 * Runs a few threads of the driver's own code in all their interleavings, on a memory model as weak as C11's.
 *
 *     #include "model.h"
 *     #include "port/wakeup.c"      from here on its atomics are the model's
 *     model_explore("name", preemptions, begin, end, threads, run);
 *
 * Threads are coroutines that stop before every atomic operation. Which thread continues is a choice, and so is which
 * store a load sees, of those that it may see. All choices are tried, depth first, by running the scenario repeatedly.
 * Which stores a thread may see is kept as views (Kang et al., "A promising semantics for relaxed-memory concurrency",
 * POPL 2017, without promises); relaxed, acquire and release accesses, fences and read-modify-writes differ as in C11.
 * Not modelled: stores to one word that are ordered otherwise than the run made them, and loads that see the future.
 * The scenario limits how often in a run a thread that could have gone on is preempted.
 */
#ifndef ADK_TESTS_MODEL_H
#define ADK_TESTS_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define MODEL_THREADS (3)
#define MODEL_WORDS (12)
#define MODEL_STORES (64)
#define MODEL_CHOICES (512)
#define MODEL_STACK (64 * 1024)

typedef struct model_view_stct
{
    int seen[MODEL_WORDS];
} model_view_t;

typedef struct model_store_stct
{
    uint64_t value;
    model_view_t view;
} model_store_t;

typedef struct model_word_stct
{
    const volatile void *address;
    model_store_t stores[MODEL_STORES];
    int length;
} model_word_t;

typedef struct model_thread_stct
{
    ucontext_t context;
    void (*run)(void);
    model_view_t now, acquired, released;
    bool (*may_go_on)(void);
    bool is_over;
} model_thread_t;

static model_word_t model_words[MODEL_WORDS];
static int model_word_count;
static model_thread_t model_threads[MODEL_THREADS];
static int model_thread_count, model_current, model_preemptions, model_preemptions_max;
static ucontext_t model_scheduler;
static char model_stacks[MODEL_THREADS][MODEL_STACK];
static model_view_t model_fences;
static int model_picked[MODEL_CHOICES], model_offered[MODEL_CHOICES], model_choice_count, model_at;
static const char *model_fault;

static int model_choose(int count)
{
    if (count < 2)
    {
        return 0;
    }
    if (MODEL_CHOICES == model_at)
    {
        fprintf(stderr, "a run of more than %d choices\n", MODEL_CHOICES);
        exit(EXIT_FAILURE);
    }
    if (model_at == model_choice_count)
    {
        model_picked[model_choice_count] = 0;
        model_offered[model_choice_count++] = count;
    }
    return model_picked[model_at++];
}

static void model_join(model_view_t *into, const model_view_t *from)
{
    for (int i = 0; i < MODEL_WORDS; i++)
    {
        into->seen[i] = into->seen[i] < from->seen[i] ? from->seen[i] : into->seen[i];
    }
}

static void model_stop(bool (*may_go_on)(void))
{
    model_threads[model_current].may_go_on = may_go_on;
    (void)swapcontext(&model_threads[model_current].context, &model_scheduler);
}

static void model_require(bool holds, const char *what)
{
    if (!holds && NULL == model_fault)
    {
        model_fault = what;
    }
}

/* Finds a word by its address; its value before the first access counts as its first store. */
static int model_word_of(const volatile void *address, size_t length)
{
    for (int i = 0; i < model_word_count; i++)
    {
        if (model_words[i].address == address)
        {
            return i;
        }
    }
    if (MODEL_WORDS == model_word_count)
    {
        fprintf(stderr, "more than %d words\n", MODEL_WORDS);
        exit(EXIT_FAILURE);
    }
    model_word_t *word = &model_words[model_word_count];
    word->address = address;
    word->length = 1;
    memset(&word->stores[0], 0, sizeof(word->stores[0]));
    memcpy(&word->stores[0].value, (const void *)(uintptr_t)address, length);
    return model_word_count++;
}

static bool model_acquires(int order)
{
    return memory_order_relaxed != order && memory_order_release != order;
}

static bool model_releases(int order)
{
    return memory_order_release == order || memory_order_acq_rel == order || memory_order_seq_cst == order;
}

static void model_see(int word, int store, int order)
{
    model_thread_t *thread = &model_threads[model_current];
    const model_view_t *view = &model_words[word].stores[store].view;
    thread->now.seen[word] = store;
    model_join(model_acquires(order) ? &thread->now : &thread->acquired, view);
    model_join(&thread->acquired, view);
}

static void model_append(int word, uint64_t value, int order, const model_view_t *inherited)
{
    model_thread_t *thread = &model_threads[model_current];
    model_word_t *to = &model_words[word];
    model_require(MODEL_STORES != to->length, "a loop without end");
    to->length -= MODEL_STORES == to->length;
    thread->now.seen[word] = to->length;
    model_store_t *store = &to->stores[to->length++];
    store->value = value;
    store->view = model_releases(order) ? thread->now : thread->released;
    store->view.seen[word] = thread->now.seen[word];
    if (NULL != inherited)
    {
        model_join(&store->view, inherited); /* a read-modify-write continues the release sequence */
    }
}

static uint64_t model_load(const volatile void *address, size_t length, int order)
{
    model_stop(NULL);
    const int word = model_word_of(address, length);
    const int newest = model_words[word].length - 1;
    const int oldest = model_threads[model_current].now.seen[word];
    const int store = newest - model_choose(newest - oldest + 1);
    model_see(word, store, order);
    return model_words[word].stores[store].value;
}

static void model_put(const volatile void *address, size_t length, uint64_t value, int order)
{
    model_stop(NULL);
    model_append(model_word_of(address, length), value, order, NULL);
}

static uint64_t model_exchange(const volatile void *address, size_t length, uint64_t value, int order)
{
    model_stop(NULL);
    const int word = model_word_of(address, length);
    const int newest = model_words[word].length - 1;
    const model_view_t inherited = model_words[word].stores[newest].view;
    model_see(word, newest, order);
    model_append(word, value, order, &inherited);
    return model_words[word].stores[newest].value;
}

static uint64_t model_add(const volatile void *address, size_t length, uint64_t value, int order)
{
    model_stop(NULL);
    const int word = model_word_of(address, length);
    const int newest = model_words[word].length - 1;
    const model_store_t standing = model_words[word].stores[newest];
    model_see(word, newest, order);
    model_append(word, standing.value + value, order, &standing.view);
    return standing.value;
}

/* The last value stored, for a check after the run. */
static uint64_t model_newest(const volatile void *address, size_t length)
{
    const int word = model_word_of(address, length);
    return model_words[word].stores[model_words[word].length - 1].value;
}

/* The strong one: fails only if the newest store differs. */
static bool model_compare_exchange(
    const volatile void *address, size_t length, uint64_t *expected, uint64_t value, int order)
{
    model_stop(NULL);
    const int word = model_word_of(address, length);
    const int newest = model_words[word].length - 1;
    const model_store_t standing = model_words[word].stores[newest];
    model_see(word, newest, order);
    if (standing.value != *expected)
    {
        *expected = standing.value;
        return false;
    }
    model_append(word, value, order, &standing.view);
    return true;
}

static void model_fence(int order)
{
    model_stop(NULL);
    model_thread_t *thread = &model_threads[model_current];
    if (model_acquires(order))
    {
        model_join(&thread->now, &thread->acquired);
    }
    if (memory_order_seq_cst == order)
    {
        model_join(&thread->now, &model_fences);
        model_fences = thread->now;
    }
    if (model_releases(order))
    {
        thread->released = thread->now;
    }
}

#undef atomic_init
#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_thread_fence
#define atomic_init(p, value) ((void)(*(p) = (value))) /* before the threads begin */
#define atomic_load_explicit(p, order) ((__typeof__(0 ? *(p) : *(p)))model_load((p), sizeof(*(p)), (order)))
#define atomic_store_explicit(p, value, order) model_put((p), sizeof(*(p)), (uint64_t)(value), (order))
#define atomic_exchange_explicit(p, value, order)                                                \
    ((__typeof__(0 ? *(p) : *(p)))model_exchange((p), sizeof(*(p)), (uint64_t)(value), (order)))
#define atomic_compare_exchange_strong_explicit(p, expected, value, order, failure) \
    __extension__({                                                                 \
        uint64_t model_expected = (uint64_t)*(expected);                            \
        const bool model_is_done = model_compare_exchange(                          \
            (p), sizeof(*(p)), &model_expected, (uint64_t)(value), (order));        \
        *(expected) = (__typeof__(*(expected)))model_expected;                      \
        model_is_done;                                                              \
    })
#define atomic_thread_fence(order) model_fence(order)

/* The compiler's built-ins, which DPDK's headers use. rte_atomic.h defines fences by them, or by instructions. */
#include <rte_atomic.h>
#pragma GCC diagnostic ignored "-Wconversion" /* those headers also use shorter words */
#define rte_atomic_thread_fence(order) model_fence(order)
#define __atomic_load_n(p, order) ((__typeof__(0 ? *(p) : *(p)))model_load((p), sizeof(*(p)), (order)))
#define __atomic_store_n(p, value, order) model_put((p), sizeof(*(p)), (uint64_t)(value), (order))
#define __atomic_add_fetch(p, value, order) (model_add((p), sizeof(*(p)), (uint64_t)(value), (order)) + (value))
#define __atomic_compare_exchange_n(p, expected, value, weak, order, failure)             \
    atomic_compare_exchange_strong_explicit((p), (expected), (value), (order), (failure))
#define __atomic_fetch_add(p, value, order) model_add((p), sizeof(*(p)), (uint64_t)(value), (order))

static void model_enter(void)
{
    model_threads[model_current].run();
    model_threads[model_current].is_over = true;
    (void)swapcontext(&model_threads[model_current].context, &model_scheduler);
}

static bool model_can_run(int i)
{
    const model_thread_t *thread = &model_threads[i];
    return !thread->is_over && (NULL == thread->may_go_on || thread->may_go_on());
}

/* The next thread to run, or -1. The one that ran last comes first: to leave it while it can run is a preemption. */
static int model_next(void)
{
    int ready[MODEL_THREADS];
    int count = 0;
    const bool is_able = model_can_run(model_current);

    if (is_able)
    {
        ready[count++] = model_current;
    }
    for (int i = 0; i < model_thread_count; i++)
    {
        if (i != model_current && model_can_run(i) && (!is_able || model_preemptions < model_preemptions_max))
        {
            ready[count++] = i;
        }
    }
    if (0 == count)
    {
        return -1;
    }
    const int next = ready[model_choose(count)];
    model_preemptions += is_able && next != model_current;
    return next;
}

static void model_run_once(void)
{
    model_word_count = model_at = model_preemptions = model_current = 0;
    memset(&model_fences, 0, sizeof(model_fences));
    for (int i = 0; i < model_thread_count; i++)
    {
        void (*run)(void) = model_threads[i].run;
        memset(&model_threads[i], 0, sizeof(model_threads[i]));
        model_threads[i].run = run;
        (void)getcontext(&model_threads[i].context);
        model_threads[i].context.uc_stack.ss_sp = model_stacks[i];
        model_threads[i].context.uc_stack.ss_size = MODEL_STACK;
        makecontext(&model_threads[i].context, model_enter, 0);
    }
    for (int next = model_next(); next >= 0 && NULL == model_fault; next = model_next())
    {
        model_current = next;
        (void)swapcontext(&model_scheduler, &model_threads[next].context);
    }
    for (int i = 0; i < model_thread_count; i++)
    {
        model_require(model_threads[i].is_over, "a thread waits for ever");
    }
}

/* True while some run has not been tried. */
static bool model_advance(void)
{
    while (model_choice_count > 0 && model_picked[model_choice_count - 1] + 1 == model_offered[model_choice_count - 1])
    {
        model_choice_count--;
    }
    if (0 == model_choice_count)
    {
        return false;
    }
    model_picked[model_choice_count - 1]++;
    return true;
}

/* Prints "ok NAME: N runs", or what broke and in which choices, and ends the program with a failure. */
static void model_explore(
    const char *name, int preemptions, void (*begin)(void), void (*end)(void), int threads, void (*const *run)(void))
{
    long runs = 0;
    model_thread_count = threads;
    model_preemptions_max = preemptions;
    model_choice_count = 0;
    for (int i = 0; i < threads; i++)
    {
        model_threads[i].run = run[i];
    }
    do
    {
        begin();
        model_run_once();
        if (NULL != end)
        {
            end();
        }
        runs++;
        if (NULL != model_fault)
        {
            printf("%s: %s, in run %ld\n", name, model_fault, runs);
            exit(EXIT_FAILURE);
        }
    } while (model_advance());
    printf("ok %s: %ld runs\n", name, runs);
}

#endif
