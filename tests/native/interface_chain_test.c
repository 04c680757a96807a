/* The chain of a driver's interfaces: which one leads to a peer, how many there may be, and their counters. */
#include <errno.h>

#include "suite.h"
#include "two_interfaces.h"

#define BEYOND_IPV4 (0x0b000009u)

TEST(a_peer_is_reached_by_the_longest_prefix_it_is_on_and_else_by_the_first_gateway)
{
    adk_settings_t wide = further_settings();
    wide.prefix_length = 8;
    wide.gateway_ipv4 = 0x0a010001u;
    two_t two = two_open_with(wide, AERON_THREADING_MODE_DEDICATED);
    adk_stack_t *first = two.media->port.stack;
    adk_stack_t *further = two.further.stack;

    CHECK(first == adk_interfaces_towards(first, PEER_IPV4)); /* on both, and on a /24 rather than on a /8 */
    CHECK(first == adk_interfaces_towards(further, PEER_IPV4));
    CHECK(further == adk_interfaces_towards(first, FURTHER_PEER_IPV4));
    CHECK(first == adk_interfaces_towards(first, BEYOND_IPV4)); /* both have a gateway */
    CHECK(first == adk_interfaces_towards(first, LOCAL_IPV4));
    CHECK(further == adk_interfaces_towards(first, FURTHER_IPV4));
    CHECK(NULL == adk_interfaces_towards(first, 0x0a0000ffu)); /* a host of the /8, but the /24's broadcast */
    CHECK(first == adk_interfaces_towards(first, GROUP_IPV4));
    CHECK(further == adk_interfaces_with(first, FURTHER_IPV4));
    CHECK(NULL == adk_interfaces_with(first, PEER_IPV4));
    two_close(&two);
}

TEST(a_gateway_is_taken_from_the_interface_that_has_one)
{
    adk_settings_t settings = ring_settings();
    settings.gateway_ipv4 = 0;
    ring_port_t first = ring_port_with(settings, RING_PORT_QUEUES_MAX, 1024);
    ring_port_t further = { 0 };
    settings = further_settings();
    settings.gateway_ipv4 = 0x0a010001u;
    settings.port_id = ring_device(&further, RING_PORT_QUEUES_MAX, 1024);
    further.stack = adk_stack_open(&settings, first.stack);
    CHECK(NULL != further.stack);

    CHECK(further.stack == adk_interfaces_towards(first.stack, BEYOND_IPV4));
    ring_port_close(&further);
    CHECK(NULL == adk_interfaces_towards(first.stack, BEYOND_IPV4));
    ring_port_close(&first);
}

TEST(a_driver_has_no_more_than_eight_interfaces)
{
    ring_port_t first = ring_port();
    ring_port_t further = { 0 };
    adk_settings_t settings = further_settings();

    settings.port_id = ring_device(&further, RING_PORT_QUEUES_MAX, 64);
    first.stack->index = ADK_INTERFACES_MAX - 1; /* as if seven came before it: there is no memory for eight */
    CHECK(NULL == adk_stack_open(&settings, first.stack));
    CHECK_EQUAL(ENOBUFS, adk_error_code());
    CHECK(NULL == first.stack->next);
    first.stack->index = 0;
    further.stack = adk_stack_open(&settings, first.stack);
    CHECK(first.stack->next == further.stack);
    CHECK_EQUAL(1, further.stack->index);
    ring_port_close(&further);
    ring_port_close(&first);
}

typedef struct named_stct
{
    int first;
    int further;
} named_t;

static void look(
    int32_t id,
    int32_t type_id,
    const uint8_t *key,
    size_t key_length,
    const uint8_t *label,
    size_t length,
    void *state)
{
    named_t *named = state;
    (void)id;
    (void)type_id;
    (void)key;
    (void)key_length;
    named->first += strlen("dpdk-rx-packets") == length && 0 == memcmp("dpdk-rx-packets", label, length);
    named->further += strlen("dpdk-1-rx-packets") == length && 0 == memcmp("dpdk-1-rx-packets", label, length);
}

TEST(each_interface_has_counters_of_its_own_and_the_first_keeps_its_names)
{
    two_t two = two_open();
    named_t named = { 0, 0 };

    aeron_counters_reader_foreach_metadata(
        two.media->counters_metadata, MEDIA_COUNTERS * AERON_COUNTERS_MANAGER_METADATA_LENGTH, look, &named);
    CHECK_EQUAL(1, named.first);
    CHECK_EQUAL(1, named.further);
    two_close(&two);
}
