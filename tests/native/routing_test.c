/* The same table that the control plane's own routing is tested with: both halves must give the same answers. */
#include <arpa/inet.h>

#include "frame.h"
#include "stack/stack.h"
#include "suite.h"

typedef struct route_case_stct
{
    char local[16];
    char prefix[4];
    char gateway[16];
    char destination[16];
    char next_hop[16];
} route_case_t;

static uint32_t ipv4_of(const char *text)
{
    struct in_addr address;
    CHECK_EQUAL(1, inet_pton(AF_INET, text, &address));
    return ntohl(address.s_addr);
}

static void copy_field(char *field, size_t size, char **line)
{
    const char *text = strsep(line, ",\r\n");
    CHECK(NULL != text && strlen(text) < size);
    (void)snprintf(field, size, "%s", text);
}

static route_case_t case_of(char *line)
{
    route_case_t route_case;
    copy_field(route_case.local, sizeof(route_case.local), &line);
    copy_field(route_case.prefix, sizeof(route_case.prefix), &line);
    copy_field(route_case.gateway, sizeof(route_case.gateway), &line);
    copy_field(route_case.destination, sizeof(route_case.destination), &line);
    copy_field(route_case.next_hop, sizeof(route_case.next_hop), &line);
    return route_case;
}

static const char *answer_to(const route_case_t *route_case, char *text)
{
    const adk_stack_t stack = {
        .local.ipv4_be = rte_cpu_to_be_32(ipv4_of(route_case->local)),
        .prefix_length = (uint8_t)atoi(route_case->prefix),
        .gateway_ipv4 = '\0' == route_case->gateway[0] ? 0 : ipv4_of(route_case->gateway),
    };
    uint32_t next_hop;
    const enum adk_route_en route = adk_stack_route(&stack, ipv4_of(route_case->destination), &next_hop);
    const struct in_addr address = { .s_addr = htonl(next_hop) };

    if (ADK_ROUTE_LOCAL == route || ADK_ROUTE_UNREACHABLE == route)
    {
        return ADK_ROUTE_LOCAL == route ? "local" : "unreachable";
    }
    CHECK_EQUAL(ADK_ROUTE_GATEWAY == route, 0 != strcmp(route_case->next_hop, route_case->destination));
    return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static FILE *open_cases(void)
{
    char path[4096];
    const char *slash = strrchr(__FILE__, '/');
    CHECK(NULL != slash);
    (void)snprintf(path, sizeof(path), "%.*s/../routing_cases.csv", (int)(slash - __FILE__), __FILE__);
    return fopen(path, "r");
}

TEST(every_case_of_the_shared_routing_table_is_answered_as_it_says)
{
    char line[128];
    int checked = 0;
    FILE *cases = open_cases();

    CHECK(NULL != cases);
    CHECK(NULL != fgets(line, sizeof(line), cases));
    CHECK_EQUAL(0, strncmp("local,prefix,gateway,destination,next_hop", line, 41));
    while (NULL != fgets(line, sizeof(line), cases))
    {
        char text[INET_ADDRSTRLEN];
        const route_case_t route_case = case_of(line);
        const char *answer = answer_to(&route_case, text);
        if (0 != strcmp(route_case.next_hop, answer))
        {
            fprintf(
                stderr,
                "%s/%s via %s to %s: %s, expected %s\n",
                route_case.local,
                route_case.prefix,
                route_case.gateway,
                route_case.destination,
                answer,
                route_case.next_hop);
            exit(EXIT_FAILURE);
        }
        checked++;
    }
    (void)fclose(cases);
    CHECK(checked > 20);
}
