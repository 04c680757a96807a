#include "stack/endpoints.h"

#include <errno.h>

#include "eal.h"
#include "suite.h"

static adk_endpoints_t endpoints_of_test(void)
{
    adk_endpoints_t endpoints;
    eal_start();
    CHECK_EQUAL(0, adk_endpoints_open(&endpoints, SOCKET_ID_ANY));
    return endpoints;
}

static uint32_t state_of(const adk_endpoints_t *endpoints, uint16_t port)
{
    return adk_endpoint_state(adk_endpoint_of(endpoints, port));
}

TEST(a_port_belongs_to_one_owner_until_it_is_released)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int first;
    int second;
    void *stale;

    CHECK_EQUAL(40123, adk_endpoints_reserve(&endpoints, 40123, &first, &stale));
    CHECK(NULL == stale);
    CHECK_EQUAL(-EADDRINUSE, adk_endpoints_reserve(&endpoints, 40123, &second, &stale));
    CHECK_EQUAL(-EADDRINUSE, adk_endpoints_reserve(&endpoints, 40123, &first, &stale));
    adk_endpoints_release(&endpoints, 40123, &second);
    CHECK_EQUAL(-EADDRINUSE, adk_endpoints_reserve(&endpoints, 40123, &second, &stale));
    adk_endpoints_release(&endpoints, 40123, &first);
    CHECK_EQUAL(40123, adk_endpoints_reserve(&endpoints, 40123, &second, &stale));
    CHECK(NULL == stale);
    adk_endpoints_close(&endpoints);
}

TEST(the_first_and_the_last_port_can_be_reserved)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int owner;
    void *stale;

    CHECK_EQUAL(1, adk_endpoints_reserve(&endpoints, 1, &owner, &stale));
    CHECK_EQUAL(65535, adk_endpoints_reserve(&endpoints, 65535, &owner, &stale));
    adk_endpoints_close(&endpoints);
}

TEST(port_zero_means_a_free_ephemeral_port_until_all_are_taken)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    const int count = ADK_EPHEMERAL_PORT_LAST - ADK_EPHEMERAL_PORT_FIRST + 1;
    static bool is_taken[ADK_ENDPOINTS];
    int owner;
    void *stale;

    for (int i = 0; i < count; i++)
    {
        const int port = adk_endpoints_reserve(&endpoints, 0, &owner, &stale);
        CHECK(port >= ADK_EPHEMERAL_PORT_FIRST && port <= ADK_EPHEMERAL_PORT_LAST);
        CHECK(!is_taken[port]);
        is_taken[port] = true;
    }
    CHECK_EQUAL(-EADDRNOTAVAIL, adk_endpoints_reserve(&endpoints, 0, &owner, &stale));

    adk_endpoints_release(&endpoints, 45678, &owner);
    CHECK_EQUAL(45678, adk_endpoints_reserve(&endpoints, 0, &owner, &stale));
    adk_endpoints_close(&endpoints);
}

TEST(an_ephemeral_port_just_released_is_not_the_next_one_given)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int owner;
    void *stale;

    const int first = adk_endpoints_reserve(&endpoints, 0, &owner, &stale);
    adk_endpoints_release(&endpoints, (uint16_t)first, &owner);
    CHECK(first != adk_endpoints_reserve(&endpoints, 0, &owner, &stale));
    adk_endpoints_close(&endpoints);
}

TEST(the_last_ephemeral_port_is_followed_by_the_first)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int owner;
    void *stale;

    endpoints.next_ephemeral = ADK_EPHEMERAL_PORT_LAST;
    CHECK_EQUAL(ADK_EPHEMERAL_PORT_LAST, adk_endpoints_reserve(&endpoints, 0, &owner, &stale));
    CHECK_EQUAL(ADK_EPHEMERAL_PORT_FIRST, adk_endpoints_reserve(&endpoints, 0, &owner, &stale));
    adk_endpoints_close(&endpoints);
}

TEST(an_endpoint_is_reserved_then_polled_then_withdrawn_then_free)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int owner;
    void *stale;

    CHECK_EQUAL(ADK_ENDPOINT_FREE, state_of(&endpoints, 7));
    CHECK_EQUAL(7, adk_endpoints_reserve(&endpoints, 7, &owner, &stale));
    CHECK_EQUAL(ADK_ENDPOINT_RESERVED, state_of(&endpoints, 7));
    CHECK_EQUAL(0, adk_endpoints_publish(&endpoints, 7, &owner, ADK_ROLE_SENDER));
    CHECK_EQUAL(ADK_ENDPOINT_POLLED_BY_SENDER, state_of(&endpoints, 7));
    CHECK_EQUAL(-1, adk_endpoints_publish(&endpoints, 7, &owner, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(ADK_ENDPOINT_POLLED_BY_SENDER, state_of(&endpoints, 7));
    adk_endpoints_withdraw(&endpoints, 7, &owner);
    CHECK_EQUAL(ADK_ENDPOINT_WITHDRAWN, state_of(&endpoints, 7));
    adk_endpoints_release(&endpoints, 7, &owner);
    CHECK_EQUAL(ADK_ENDPOINT_FREE, state_of(&endpoints, 7));
    adk_endpoints_close(&endpoints);
}

TEST(a_port_that_is_polled_or_withdrawn_is_never_taken_over)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int first;
    int second;
    void *stale;

    CHECK_EQUAL(7, adk_endpoints_reserve(&endpoints, 7, &first, &stale));
    CHECK_EQUAL(0, adk_endpoints_publish(&endpoints, 7, &first, ADK_ROLE_RECEIVER));
    adk_endpoint_of(&endpoints, 7)->reserved_at_s -= 3600;
    CHECK_EQUAL(-EADDRINUSE, adk_endpoints_reserve(&endpoints, 7, &second, &stale));
    adk_endpoints_withdraw(&endpoints, 7, &first);
    CHECK_EQUAL(-EADDRINUSE, adk_endpoints_reserve(&endpoints, 7, &second, &stale));
    CHECK(NULL == stale);
    adk_endpoints_close(&endpoints);
}

TEST(an_abandoned_reservation_is_taken_over_and_its_owner_cannot_come_back)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    int first;
    int second;
    void *stale;

    CHECK_EQUAL(7, adk_endpoints_reserve(&endpoints, 7, &first, &stale));
    adk_endpoint_of(&endpoints, 7)->reserved_at_s -= 3;
    CHECK_EQUAL(7, adk_endpoints_reserve(&endpoints, 7, &second, &stale));
    CHECK(&first == stale);

    CHECK_EQUAL(-1, adk_endpoints_publish(&endpoints, 7, &first, ADK_ROLE_RECEIVER));
    CHECK_EQUAL(ADK_ENDPOINT_RESERVED, state_of(&endpoints, 7));
    adk_endpoints_withdraw(&endpoints, 7, &first);
    CHECK_EQUAL(ADK_ENDPOINT_RESERVED, state_of(&endpoints, 7));
    adk_endpoints_release(&endpoints, 7, &first);
    CHECK_EQUAL(ADK_ENDPOINT_RESERVED, state_of(&endpoints, 7));
    CHECK_EQUAL(0, adk_endpoints_publish(&endpoints, 7, &second, ADK_ROLE_RECEIVER));
    adk_endpoints_close(&endpoints);
}

TEST(closing_twice_is_harmless)
{
    adk_endpoints_t endpoints = endpoints_of_test();
    adk_endpoints_close(&endpoints);
    adk_endpoints_close(&endpoints);
}
