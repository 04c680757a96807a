/* Where an IPv6 address leads, from which of our addresses, and what the control plane may change meanwhile. */
#include "frame6.h"
#include "ring_port.h"
#include "stack/ipv6/stack.h"
#include "suite.h"

static ring_port_t port6(void)
{
    adk_settings_t settings = ring_settings();
    settings.ipv6 = 1;
    return ring_port_with(settings, RING_PORT_QUEUES_MAX, 1024);
}

static void check_route(const ring_port_t *port, const uint8_t *to, enum adk_route_en route, const uint8_t *next_hop)
{
    adk_ipv6_t found;
    CHECK_EQUAL(route, adk_stack6_route(port->stack->ipv6, adk_ipv6_of(to), &found));
    if (NULL != next_hop)
    {
        CHECK(adk_ipv6_is_same(adk_ipv6_of(next_hop), found));
    }
}

TEST(without_an_address_nothing_leads_anywhere)
{
    ring_port_t port = port6();
    check_route(&port, PEER_IPV6, ADK_ROUTE_UNREACHABLE, NULL);
    check_route(&port, GROUP_IPV6, ADK_ROUTE_UNREACHABLE, NULL);
    CHECK_EQUAL(0, adk_local6_set(port.stack, LOCAL_IPV6, 64, ADK_LOCAL6_TENTATIVE));
    check_route(&port, PEER_IPV6, ADK_ROUTE_UNREACHABLE, NULL);
    check_route(&port, LOCAL_IPV6, ADK_ROUTE_UNREACHABLE, NULL);
    ring_port_close(&port);
}

TEST(a_route_follows_from_the_prefixes_and_the_gateway_as_they_are_now)
{
    ring_port_t port = port6();
    const uint32_t before = adk_stack6_moved(port.stack->ipv6);

    CHECK_EQUAL(0, adk_local6_set(port.stack, LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(0, adk_local6_set(port.stack, LINK_LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    CHECK(before != adk_stack6_moved(port.stack->ipv6));
    check_route(&port, LOCAL_IPV6, ADK_ROUTE_LOCAL, LOCAL_IPV6);
    check_route(&port, PEER_IPV6, ADK_ROUTE_ON_LINK, PEER_IPV6);
    check_route(&port, PEER_LINK_LOCAL_IPV6, ADK_ROUTE_ON_LINK, PEER_LINK_LOCAL_IPV6);
    check_route(&port, GROUP_IPV6, ADK_ROUTE_GROUP, NULL);
    check_route(&port, FAR_IPV6, ADK_ROUTE_UNREACHABLE, NULL);
    adk_gateway6_set(port.stack, GATEWAY_IPV6);
    check_route(&port, FAR_IPV6, ADK_ROUTE_GATEWAY, GATEWAY_IPV6);
    adk_gateway6_set(port.stack, NULL);
    check_route(&port, FAR_IPV6, ADK_ROUTE_UNREACHABLE, NULL);

    adk_local6_remove(port.stack, LOCAL_IPV6);
    check_route(&port, PEER_IPV6, ADK_ROUTE_UNREACHABLE, NULL);
    check_route(&port, PEER_LINK_LOCAL_IPV6, ADK_ROUTE_ON_LINK, PEER_LINK_LOCAL_IPV6);
    ring_port_close(&port);
}

static void check_source(const ring_port_t *port, const uint8_t *to, const uint8_t *from)
{
    CHECK(adk_ipv6_is_same(adk_ipv6_of(from), adk_stack6_source_for(port->stack->ipv6, adk_ipv6_of(to))));
}

TEST(the_source_is_of_the_destinations_scope_and_shares_the_longest_prefix)
{
    static const uint8_t unique_local[16] = { 0xfd, 1, [15] = 5 };
    static const uint8_t unique_local_peer[16] = { 0xfd, 2, [15] = 9 };
    static const uint8_t link_group[16] = { 0xff, 0x02, [15] = 0x99 };
    ring_port_t port = port6();

    CHECK_EQUAL(0, adk_local6_set(port.stack, LINK_LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(0, adk_local6_set(port.stack, unique_local, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(0, adk_local6_set(port.stack, LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    check_source(&port, PEER_IPV6, LOCAL_IPV6);
    check_source(&port, FAR_IPV6, LOCAL_IPV6);
    check_source(&port, unique_local_peer, unique_local);
    check_source(&port, PEER_LINK_LOCAL_IPV6, LINK_LOCAL_IPV6);
    check_source(&port, link_group, LINK_LOCAL_IPV6);
    check_source(&port, LINK_LOCAL_IPV6, LINK_LOCAL_IPV6);
    ring_port_close(&port);
}

TEST(at_most_eight_addresses_are_ours_and_a_place_is_free_again)
{
    ring_port_t port = port6();
    uint8_t address[16];

    memcpy(address, LOCAL_IPV6, sizeof(address));
    for (uint8_t i = 1; i <= ADK_LOCALS6; i++)
    {
        address[15] = i;
        CHECK_EQUAL(0, adk_local6_set(port.stack, address, 64, ADK_LOCAL6_USABLE));
    }
    address[15] = 99;
    CHECK_EQUAL(-1, adk_local6_set(port.stack, address, 64, ADK_LOCAL6_USABLE));
    CHECK(NULL != strstr(adk_error_text(), "no more than 8"));
    adk_local6_remove(port.stack, LOCAL_IPV6);
    CHECK_EQUAL(0, adk_local6_set(port.stack, address, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(-1, adk_local6_set(port.stack, GROUP_IPV6, 64, ADK_LOCAL6_USABLE));
    ring_port_close(&port);
}

TEST(a_port_without_ipv6_refuses_or_ignores_what_is_set)
{
    ring_port_t port = ring_port();
    CHECK_EQUAL(-1, adk_local6_set(port.stack, LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(-1, adk_neighbour6_set(port.stack, PEER_IPV6, PEER_MAC));
    adk_gateway6_set(port.stack, GATEWAY_IPV6);
    adk_local6_remove(port.stack, LOCAL_IPV6);
    adk_neighbour6_forget(port.stack, PEER_IPV6);
    CHECK_EQUAL(0, adk_neighbour6_was_used(port.stack, PEER_IPV6));
    ring_port_close(&port);
}

TEST(a_prefix_ends_at_any_bit)
{
    const adk_ipv6_t address = adk_ipv6_of(LOCAL_IPV6);
    for (uint32_t bit = 0; bit < 128; bit++)
    {
        adk_ipv6_t other = address;
        ((uint8_t *)&other)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        CHECK_EQUAL(bit, adk_ipv6_common_prefix(address, other));
        CHECK(adk_ipv6_has_prefix(address, other, bit));
        CHECK(!adk_ipv6_has_prefix(address, other, bit + 1));
    }
    CHECK_EQUAL(128, adk_ipv6_common_prefix(address, address));
}
