#include "api/telemetry.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "api/internal.h"
#include "port/error.h"
#include "stack/ipv6/endpoints.h"

/*
 * RTE_TEL_MAX_DICT_ENTRIES and RTE_TEL_MAX_ARRAY_ENTRIES; 24.11 raised them, but a whole answer is limited to 16 KiB.
 */
#define ENTRIES_MAX (256)
#define TEXT_LENGTH (32)
#define PARAMETERS " Parameters: first entry (0), interface (0)"

/* DPDK cannot unregister a command, so the commands outlive the stack and look it up here. */
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

/* The first field of "first entry,interface"; missing or invalid: 0. */
static int first_wanted(const char *parameters)
{
    const long first = NULL == parameters ? 0 : strtol(parameters, NULL, 10);
    return first < 0 || first > ADK_ENDPOINTS ? 0 : (int)first;
}

static long interface_wanted(const char *parameters)
{
    const char *comma = NULL == parameters ? NULL : strchr(parameters, ',');
    return NULL == comma ? 0 : strtol(comma + 1, NULL, 10);
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

/* Returns how many entries there have been so far; those from first on are in the answer. */
static int add_endpoints(
    const adk_endpoints_t *endpoints, const char *prefix, int first, int seen, struct rte_tel_data *answer)
{
    static const char *const states[] = { [ADK_ENDPOINT_RESERVED] = "nobody",
                                          [ADK_ENDPOINT_POLLED_BY_SENDER] = "sender",
                                          [ADK_ENDPOINT_POLLED_BY_RECEIVER] = "receiver",
                                          [ADK_ENDPOINT_WITHDRAWN] = "nobody" };

    for (uint32_t port = 0; port < ADK_ENDPOINTS && seen < first + ENTRIES_MAX; port++)
    {
        const uint32_t state = adk_endpoint_state(adk_endpoint_of(endpoints, (uint16_t)port));
        if (ADK_ENDPOINT_FREE == state || seen++ < first)
        {
            continue;
        }
        char name[TEXT_LENGTH];
        (void)snprintf(name, sizeof(name), "%s%u", prefix, port);
        (void)rte_tel_data_add_dict_string(answer, name, states[state]);
    }
    return seen;
}

static void answer_endpoints(adk_stack_t *stack, int first, struct rte_tel_data *answer)
{
    (void)rte_tel_data_start_dict(answer);
    int seen = add_endpoints(&stack->endpoints, "", first, 0, answer);

    if (NULL == stack->ipv6)
    {
        return;
    }
    seen = add_endpoints(&stack->ipv6->endpoints, "ipv6_", first, seen, answer);
    for (int i = 0; i < ADK_LOCALS6; i++)
    {
        const adk_endpoints_t *own = adk_endpoints6_at(stack->ipv6, i);
        char prefix[TEXT_LENGTH];
        (void)snprintf(prefix, sizeof(prefix), "ipv6_%d_", i);
        seen = NULL == own ? seen : add_endpoints(own, prefix, first, seen, answer);
    }
}

static void describe(char *text, size_t length, const adk_neighbour_t *neighbour, bool is_ipv6, uint64_t word)
{
    char address[INET6_ADDRSTRLEN] = "?";
    uint32_t ipv4;
    uint8_t mac[6];

    adk_neighbour_word_to_mac(word, mac);
    memcpy(&ipv4, neighbour->key, sizeof(ipv4));
    ipv4 = htonl(ipv4);
    (void)inet_ntop(
        is_ipv6 ? AF_INET6 : AF_INET, is_ipv6 ? (const void *)neighbour->key : &ipv4, address, sizeof(address));
    (void)snprintf(
        text, length, "%s %02x:%02x:%02x:%02x:%02x:%02x", address, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* Returns as add_endpoints() does. */
static int add_neighbours(
    const adk_neighbours_t *neighbours, bool is_ipv6, int first, int seen, struct rte_tel_data *answer)
{
    const void *key;
    void *unused;
    uint32_t at = 0;

    for (int32_t position = rte_hash_iterate(neighbours->index, &key, &unused, &at);
         position >= 0 && seen < first + ENTRIES_MAX;
         position = rte_hash_iterate(neighbours->index, &key, &unused, &at))
    {
        const adk_neighbour_t *neighbour = &neighbours->entries[position];
        const uint64_t word = adk_neighbour_word(neighbour);
        if (ADK_NEIGHBOUR_UNRESOLVED != word && seen++ >= first)
        {
            char text[INET6_ADDRSTRLEN + TEXT_LENGTH];
            describe(text, sizeof(text), neighbour, is_ipv6, word);
            (void)rte_tel_data_add_array_string(answer, text);
        }
    }
    return seen;
}

static void answer_neighbours(adk_stack_t *stack, int first, struct rte_tel_data *answer)
{
    (void)rte_tel_data_start_array(answer, RTE_TEL_STRING_VAL);
    const int seen = add_neighbours(&stack->neighbours, false, first, 0, answer);
    if (NULL != stack->ipv6)
    {
        (void)add_neighbours(&stack->ipv6->neighbours, true, first, seen, answer);
    }
}

static int answer_about_stack(
    void (*write)(adk_stack_t *, int, struct rte_tel_data *), const char *parameters, struct rte_tel_data *answer)
{
    (void)pthread_mutex_lock(&offered_lock);
    adk_stack_t *stack = offered;
    for (long left = interface_wanted(parameters); left > 0 && NULL != stack; left--)
    {
        stack = stack->next;
    }
    if (NULL != stack)
    {
        write(stack, first_wanted(parameters), answer);
    }
    else
    {
        (void)rte_tel_data_string(answer, NULL == offered ? "the port is closed" : "there is no such interface");
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

    if (command("/aeron/counts", on_counts, "Traffic, drops and events by name." PARAMETERS) < 0 ||
        command("/aeron/endpoints", on_endpoints, "UDP ports and who polls them." PARAMETERS) < 0 ||
        command("/aeron/neighbours", on_neighbours, "IP addresses and their MACs." PARAMETERS) < 0)
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
