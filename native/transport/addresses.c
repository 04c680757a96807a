/* What a channel may ask of the port, and the error messages for what it may not. */
#include "transport/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stack/ipv6/fragments.h"
#include "transport/way.h"

void adk_format_ipv4(char *text, size_t length, uint32_t ipv4)
{
    (void)snprintf(text, length, "%u.%u.%u.%u", ipv4 >> 24, ipv4 >> 16 & 255, ipv4 >> 8 & 255, ipv4 & 255);
}

void adk_format_local(char *text, size_t length, const adk_transport_t *state)
{
    if (state->is_ipv6)
    {
        (void)inet_ntop(AF_INET6, &state->bound6, text, (socklen_t)length);
        return;
    }
    adk_format_ipv4(text, length, state->is_on_all ? INADDR_ANY : rte_be_to_cpu_32(state->stack->local.ipv4_be));
}

/* The addresses of all interfaces. */
static void format_locals(char *text, size_t length, const adk_stack_t *stack)
{
    size_t at = 0;
    for (const adk_stack_t *each = stack->first; NULL != each && at + INET_ADDRSTRLEN + 2 < length; each = each->next)
    {
        at += (size_t)snprintf(text + at, length - at, "%s", 0 == at ? "" : ", ");
        adk_format_ipv4(text + at, length - at, rte_be_to_cpu_32(each->local.ipv4_be));
        at += strlen(text + at);
    }
}

static int refuse_address(const adk_stack_t *stack, struct sockaddr_storage *address, int code, const char *reason)
{
    char text[AERON_NETUTIL_FORMATTED_MAX_LENGTH] = { 0 };
    char local[ADK_INTERFACES_MAX * (INET_ADDRSTRLEN + 2)] = { 0 };

    (void)aeron_format_source_identity(text, sizeof(text), address);
    format_locals(local, sizeof(local), stack);
    AERON_SET_ERR(
        code,
        "%s: %s; aeronmd_dpdk carries IPv4 from and to %s (AERON_DPDK_LOCAL_IPV4_ADDRESS), IPv6 from and to "
        "AERON_DPDK_LOCAL_IPV6_ADDRESS, and over the kernel's interfaces what AERON_DPDK_KERNEL_SOCKETS allows",
        text,
        reason,
        local);
    return -1;
}

static int refuse_ipv6(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    return refuse_address(stack, address, EAFNOSUPPORT, "the DPDK port has no IPv6 address");
}

static int check_bind_address6(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    if (NULL == stack->ipv6)
    {
        return refuse_ipv6(stack, address);
    }
    const adk_ipv6_t ipv6 = adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
    return adk_ipv6_is_unspecified(ipv6) || ADK_LOCAL6_USABLE == adk_locals6_state_of(&stack->ipv6->locals, ipv6)
        ? 0
        : refuse_address(stack, address, EADDRNOTAVAIL, "not an address of the DPDK port, or not yet");
}

static int check_peer_address6(const adk_transport_t *state, struct sockaddr_storage *address)
{
    const adk_ipv6_t ipv6 = adk_ipv6_of(&((const struct sockaddr_in6 *)address)->sin6_addr);
    const adk_stack_t *stack = adk_way_to6(state, ipv6);
    adk_ipv6_t next_hop;

    if (NULL == stack->ipv6)
    {
        return refuse_ipv6(stack, address);
    }
    return ADK_ROUTE_UNREACHABLE == adk_stack6_route(stack->ipv6, ipv6, &next_hop)
        ? refuse_address(
              stack,
              address,
              ENETUNREACH,
              "neither on a prefix of the port nor behind a gateway (AERON_DPDK_GATEWAY_IPV6_ADDRESS)")
        : 0;
}

int adk_check_bind_address(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    if (AF_INET != address->ss_family)
    {
        return check_bind_address6(stack, address);
    }

    const uint32_t ipv4 = rte_be_to_cpu_32(((struct sockaddr_in *)address)->sin_addr.s_addr);
    return INADDR_ANY == ipv4 || rte_be_to_cpu_32(stack->local.ipv4_be) == ipv4
        ? 0
        : refuse_address(stack, address, EADDRNOTAVAIL, "not the address of the DPDK port");
}

int adk_check_peer_address(const adk_transport_t *state, struct sockaddr_storage *address)
{
    uint32_t next_hop;

    if (AF_INET != address->ss_family)
    {
        return check_peer_address6(state, address);
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(((struct sockaddr_in *)address)->sin_addr.s_addr);
    const adk_stack_t *stack = adk_way_to(state, ipv4);
    return !adk_is_group(ipv4) && ADK_ROUTE_UNREACHABLE == adk_stack_route(stack, ipv4, &next_hop)
        ? refuse_address(
              stack,
              address,
              ENETUNREACH,
              "neither on the port's subnet nor behind a gateway (AERON_DPDK_GATEWAY_IPV4_ADDRESS)")
        : 0;
}

static int check_mtu(const adk_stack_t *stack, const aeron_udp_channel_transport_params_t *params, bool is_ipv6)
{
    const uint32_t longest = is_ipv6 ? adk_fragments6_longest(stack) : adk_fragments_longest(stack);
    if (params->mtu_length > longest)
    {
        AERON_SET_ERR(
            EINVAL,
            "channel MTU %" PRIu64 " + %d bytes of %s and UDP header does not fit the link MTU %u of %s%s; "
            "use mtu=%u or less, or raise AERON_DPDK_MTU",
            (uint64_t)params->mtu_length,
            is_ipv6 ? ADK_IPV6_UDP_HEADER_LENGTH : ADK_IPV4_UDP_HEADER_LENGTH,
            is_ipv6 ? "IPv6" : "IPv4",
            stack->port.mtu,
            stack->port.name,
            NULL == stack->fragments[ADK_ROLE_SENDER] ? "" : ", in fragments neither",
            longest & ~31u);
        return -1;
    }
    return 0;
}

int adk_check_mtu(const adk_transport_t *state, struct sockaddr_storage *peer)
{
    if (!state->is_on_all || adk_address_is_given(peer))
    {
        return check_mtu(state->stack, &state->params, state->is_ipv6);
    }
    for (const adk_stack_t *stack = state->stack->first; NULL != stack; stack = stack->next)
    {
        if (check_mtu(stack, &state->params, state->is_ipv6 && NULL != stack->ipv6) < 0)
        {
            return -1;
        }
    }
    return 0;
}

int adk_transport_refuse(const adk_transport_t *transport, const struct sockaddr_storage *address, int code)
{
    char text[AERON_NETUTIL_FORMATTED_MAX_LENGTH] = { 0 };
    (void)aeron_format_source_identity(text, sizeof(text), (struct sockaddr_storage *)(uintptr_t)address);
    AERON_SET_ERR(code, "cannot send from UDP port %u to %s", transport->port, text);
    return -1;
}
