/* What a channel may ask of the port, and the sentence for what it may not. */
#include "transport/addresses.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "stack/fragments.h"

void adk_format_ipv4(char *text, size_t length, uint32_t ipv4)
{
    (void)snprintf(text, length, "%u.%u.%u.%u", ipv4 >> 24, ipv4 >> 16 & 255, ipv4 >> 8 & 255, ipv4 & 255);
}

static int refuse_address(const adk_stack_t *stack, struct sockaddr_storage *address, int code, const char *reason)
{
    char text[AERON_NETUTIL_FORMATTED_MAX_LENGTH] = { 0 };
    char local[INET_ADDRSTRLEN];

    (void)aeron_format_source_identity(text, sizeof(text), address);
    adk_format_ipv4(local, sizeof(local), rte_be_to_cpu_32(stack->local.ipv4_be));
    AERON_SET_ERR(
        code,
        "%s: %s; aeronmd_dpdk carries IPv4 from and to %s (AERON_DPDK_LOCAL_IPV4_ADDRESS), and over the "
        "kernel's interfaces what AERON_DPDK_KERNEL_SOCKETS allows",
        text,
        reason,
        local);
    return -1;
}

int adk_check_bind_address(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    if (AF_INET != address->ss_family)
    {
        return refuse_address(stack, address, EAFNOSUPPORT, "IPv6 is not supported");
    }

    const uint32_t ipv4 = rte_be_to_cpu_32(((struct sockaddr_in *)address)->sin_addr.s_addr);
    return INADDR_ANY == ipv4 || rte_be_to_cpu_32(stack->local.ipv4_be) == ipv4
        ? 0
        : refuse_address(stack, address, EADDRNOTAVAIL, "not the address of the DPDK port");
}

int adk_check_peer_address(const adk_stack_t *stack, struct sockaddr_storage *address)
{
    uint32_t next_hop;

    if (AF_INET != address->ss_family)
    {
        return refuse_address(stack, address, EAFNOSUPPORT, "IPv6 is not supported");
    }
    const uint32_t ipv4 = rte_be_to_cpu_32(((struct sockaddr_in *)address)->sin_addr.s_addr);
    return !adk_is_group(ipv4) && ADK_ROUTE_UNREACHABLE == adk_stack_route(stack, ipv4, &next_hop)
        ? refuse_address(
              stack,
              address,
              ENETUNREACH,
              "neither on the port's subnet nor behind a gateway (AERON_DPDK_GATEWAY_IPV4_ADDRESS)")
        : 0;
}

int adk_check_mtu(const adk_stack_t *stack, const aeron_udp_channel_transport_params_t *params)
{
    const uint32_t longest = adk_fragments_longest(stack);
    if (params->mtu_length > longest)
    {
        AERON_SET_ERR(
            EINVAL,
            "channel MTU %" PRIu64 " + %d bytes of IPv4 and UDP header does not fit the link MTU %u%s; "
            "use mtu=%u or less, or raise AERON_DPDK_MTU",
            (uint64_t)params->mtu_length,
            ADK_IPV4_UDP_HEADER_LENGTH,
            stack->port.mtu,
            NULL == stack->fragments[ADK_ROLE_SENDER] ? "" : ", in fragments neither",
            longest & ~31u);
        return -1;
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
