/* The control plane sleeps, and frames must wake it; native/port/wakeup.c itself runs. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "model.h"

/* Stands for the kernel's eventfd: a system call is a full barrier, and a write wakes the sleeper. */
static uint64_t model_eventfd;
static int writes;
static int model_eventfd_open(void)
{
    return 0;
}
static long model_eventfd_write(void)
{
    (void)model_exchange(&model_eventfd, sizeof(model_eventfd), 1, memory_order_seq_cst);
    model_fence(memory_order_seq_cst);
    writes++;
    return 8;
}
static long model_eventfd_read(void)
{
    (void)model_exchange(&model_eventfd, sizeof(model_eventfd), 0, memory_order_seq_cst);
    model_fence(memory_order_seq_cst);
    return 8;
}
#define eventfd(value, flags) model_eventfd_open()
#define write(fd, buffer, length) model_eventfd_write()
#define read(fd, buffer, length) model_eventfd_read()
#define close(fd) 0

#include "port/error.c"
#include "port/wakeup.c"

#define FRAMES (2)

static _Atomic int frames[2];          /* put by each thread that gives frames, as the tail of its ring */
static int givers;
static int sleeps;
static adk_wakeup_t *wakeup;

static void begin(void)
{
    free(wakeup);
    wakeup = adk_wakeup_open();
    model_eventfd = 0;
    writes = sleeps = 0;
}

static void give(int giver, int count)
{
    for (int i = 1; i <= count; i++)
    {
        atomic_store_explicit(&frames[giver], i, memory_order_release);
        adk_wakeup_give(wakeup);
    }
}

static void first_giver(void)
{
    give(0, 1 == givers ? FRAMES : 1);
}

static void second_giver(void)
{
    give(1, 1);
}

static bool is_readable(void)
{
    return 0 != model_newest(&model_eventfd, sizeof(model_eventfd));
}

static int count_frames(void)
{
    int count = 0;
    for (int i = 0; i < givers; i++)
    {
        count += atomic_load_explicit(&frames[i], memory_order_acquire);
    }
    return count;
}

/* As native/api/sleep.c does it. The fault to find: it sleeps for ever although a frame is left. */
static void sleeper(void)
{
    int seen = 0;
    while (seen < FRAMES)
    {
        bool is_given = false;
        adk_wakeup_want(wakeup);
        if (count_frames() == seen)
        {
            sleeps++;
            model_stop(is_readable);
            is_given = true;
        }
        adk_wakeup_taken(wakeup, is_given);
        seen = count_frames();
    }
    model_require(writes <= sleeps + 2, "more system calls than sleeps");
}

int main(void)
{
    void (*const one[])(void) = { sleeper, first_giver };
    void (*const two[])(void) = { sleeper, first_giver, second_giver };

    givers = 1;
    model_explore("no_frame_of_one_thread_is_slept_over", 5, begin, NULL, 2, one);
    givers = 2;
    model_explore("no_frame_of_two_threads_is_slept_over", 3, begin, NULL, 3, two);
    return EXIT_SUCCESS;
}
