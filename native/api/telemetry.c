#include "api/telemetry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "api/internal.h"
#include "port/error.h"
#include "stack/stack.h"

/* RTE_TEL_MAX_DICT_ENTRIES and RTE_TEL_MAX_ARRAY_ENTRIES; 24.11 made them larger, and an answer has 16 KiB in all. */
#define ENTRIES_MAX (256)
#define TEXT_LENGTH (32)

/* DPDK cannot take a command back, so the commands outlive the stack and look here for it. */
static pthread_mutex_t offered_lock = PTHREAD_MUTEX_INITIALIZER;
static adk_stack_t *offered;

static void add_number(struct rte_tel_data *answer, const char *name, uint64_t value)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
    (void)rte_tel_data_add_dict_uint(answer, name, value);
#else
    (void)rte_tel_data_add_dict_u64(answer, name, value);
#endif
}

static int first_wanted(const char *parameters)
{
    const long first = NULL == parameters ? 0 : strtol(parameters, NULL, 10);
    return first < 0 || first > ADK_ENDPOINTS ? 0 : (int)first;
}

/* DPDK takes only letters, digits and underscores in a name (rte_telemetry.h). */
static void answer_counts(adk_stack_t *stack, int first, struct rte_tel_data *answer)
{
    (void)rte_tel_data_start_dict(answer);
    for (int i = first; i < ADK_COUNT_SIZE; i++)
    {
        char name[TEXT_LENGTH];
        (void)snprintf(name, sizeof(name), "%s", adk_count_name(i));
        for (char *at = strchr(name, '-'); NULL != at; at = strchr(at, '-'))
        {
            *at = '_';
        }
        add_number(answer, name, adk_count_value(stack, i));
    }
}

static void answer_endpoints(adk_stack_t *stack, int first, struct rte_tel_data *answer)
{
    static const char *const states[] = { [ADK_ENDPOINT_RESERVED] = "nobody",
                                          [ADK_ENDPOINT_POLLED_BY_SENDER] = "sender",
                                          [ADK_ENDPOINT_POLLED_BY_RECEIVER] = "receiver",
                                          [ADK_ENDPOINT_WITHDRAWN] = "nobody" };
    int seen = 0;

    (void)rte_tel_data_start_dict(answer);
    for (uint32_t port = 0; port < ADK_ENDPOINTS && seen < first + ENTRIES_MAX; port++)
    {
        const uint32_t state = adk_endpoint_state(adk_endpoint_of(&stack->endpoints, (uint16_t)port));
        if (ADK_ENDPOINT_FREE == state || seen++ < first)
        {
            continue;
        }
        char name[TEXT_LENGTH];
        (void)snprintf(name, sizeof(name), "%u", port);
        (void)rte_tel_data_add_dict_string(answer, name, states[state]);
    }
}

static void describe(char *text, size_t length, uint32_t ipv4, uint64_t word)
{
    uint8_t mac[6];
    adk_neighbour_word_to_mac(word, mac);
    (void)snprintf(
        text,
        length,
        "%u.%u.%u.%u %02x:%02x:%02x:%02x:%02x:%02x",
        ipv4 >> 24,
        ipv4 >> 16 & 255,
        ipv4 >> 8 & 255,
        ipv4 & 255,
        mac[0],
        mac[1],
        mac[2],
        mac[3],
        mac[4],
        mac[5]);
}

static void answer_neighbours(adk_stack_t *stack, int first, struct rte_tel_data *answer)
{
    const void *key;
    void *unused;
    uint32_t at = 0;
    int seen = 0;

    (void)rte_tel_data_start_array(answer, RTE_TEL_STRING_VAL);
    for (int32_t position = rte_hash_iterate(stack->neighbours.index, &key, &unused, &at);
         position >= 0 && seen < first + ENTRIES_MAX;
         position = rte_hash_iterate(stack->neighbours.index, &key, &unused, &at))
    {
        const adk_neighbour_t *neighbour = &stack->neighbours.entries[position];
        const uint64_t word = adk_neighbour_word(neighbour);
        if (ADK_NEIGHBOUR_UNRESOLVED != word && seen++ >= first)
        {
            char text[2 * TEXT_LENGTH];
            describe(text, sizeof(text), neighbour->ipv4, word);
            (void)rte_tel_data_add_array_string(answer, text);
        }
    }
}

static int answer_about_stack(
    void (*write)(adk_stack_t *, int, struct rte_tel_data *), const char *parameters, struct rte_tel_data *answer)
{
    (void)pthread_mutex_lock(&offered_lock);
    if (NULL != offered)
    {
        write(offered, first_wanted(parameters), answer);
    }
    else
    {
        (void)rte_tel_data_string(answer, "the port is closed");
    }
    (void)pthread_mutex_unlock(&offered_lock);
    return 0;
}

static int on_counts(const char *command, const char *parameters, struct rte_tel_data *answer)
{
    (void)command;
    return answer_about_stack(answer_counts, parameters, answer);
}

static int on_endpoints(const char *command, const char *parameters, struct rte_tel_data *answer)
{
    (void)command;
    return answer_about_stack(answer_endpoints, parameters, answer);
}

static int on_neighbours(const char *command, const char *parameters, struct rte_tel_data *answer)
{
    (void)command;
    return answer_about_stack(answer_neighbours, parameters, answer);
}

static int command(const char *name, telemetry_cb callback, const char *help)
{
    const int result = rte_telemetry_register_cmd(name, callback, help);
    if (result < 0 && -EEXIST != result)
    {
        adk_set_error(-result, "telemetry command %s: %s", name, strerror(-result));
        return -1;
    }
    return 0;
}

int adk_telemetry_offer(adk_stack_t *stack)
{
    (void)pthread_mutex_lock(&offered_lock);
    offered = stack;
    (void)pthread_mutex_unlock(&offered_lock);

    if (command("/aeron/counts", on_counts, "Traffic, drops and events by name") < 0 ||
        command("/aeron/endpoints", on_endpoints, "UDP ports and who polls them. Parameters: first entry (0)") < 0 ||
        command("/aeron/neighbours", on_neighbours, "IPv4 addresses and their MACs. Parameters: first entry (0)") < 0)
    {
        return -1;
    }
    return 0;
}

void adk_telemetry_withdraw(void)
{
    (void)pthread_mutex_lock(&offered_lock);
    offered = NULL;
    (void)pthread_mutex_unlock(&offered_lock);
}
