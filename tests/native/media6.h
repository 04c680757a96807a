/* IPv6 channels in addition to those of media.h. */
#ifndef ADK_TESTS_MEDIA6_H
#define ADK_TESTS_MEDIA6_H

#include <errno.h>

#include "frame6.h"
#include "media.h"
#include "stack/ipv6/stack.h"

static const uint8_t ANY_IPV6[16] __attribute__((unused));

static inline test_media_t *media6_open_with(aeron_threading_mode_t mode, uint16_t mtu)
{
    adk_settings_t settings = ring_settings();
    settings.ipv6 = 1;
    settings.fragments = 1;
    settings.mtu = mtu;
    test_media_t *test = media_open_with(settings, mode);
    adk_stack_t *stack = test->port.stack;

    memcpy(stack->ipv6->locals.mac, LOCAL_MAC, sizeof(LOCAL_MAC));
    CHECK_EQUAL(0, adk_local6_set(stack, LINK_LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    CHECK_EQUAL(0, adk_local6_set(stack, LOCAL_IPV6, 64, ADK_LOCAL6_USABLE));
    return test;
}

static inline test_media_t *media6_open(void)
{
    return media6_open_with(AERON_THREADING_MODE_DEDICATED, 0);
}

static inline struct sockaddr_storage address6_of(const uint8_t *ipv6, uint16_t udp_port)
{
    struct sockaddr_storage storage = { .ss_family = AF_INET6 };
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;
    memcpy(&address->sin6_addr, ipv6, 16);
    address->sin6_port = rte_cpu_to_be_16(udp_port);
    return storage;
}

static inline int init6(
    test_media_t *test,
    aeron_udp_channel_transport_t *transport,
    enum adk_role_en role,
    struct sockaddr_storage bind_address,
    uint8_t ttl)
{
    struct sockaddr_storage interface = address6_of(LOCAL_IPV6, 0);
    const aeron_udp_channel_transport_params_t params = { .mtu_length = 1408, .ttl = ttl };
    return media_init_with(test, transport, role, bind_address, &interface, NULL, params);
}

static inline void add6(
    test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role, const uint8_t *ipv6)
{
    CHECK_EQUAL(0, init6(test, transport, role, address6_of(ipv6, LOCAL_PORT), 0));
    CHECK_EQUAL(0, adk_poller_add(&test->pollers[role], transport));
}

static inline void end6(test_media_t *test, aeron_udp_channel_transport_t *transport, enum adk_role_en role)
{
    CHECK_EQUAL(0, adk_poller_remove(&test->pollers[role], transport));
    CHECK_EQUAL(0, adk_transport_close(transport));
}

static inline void check_source6(const delivery_t *delivery, const uint8_t *ipv6, uint32_t scope_id)
{
    CHECK_EQUAL(AF_INET6, delivery->source6.sin6_family);
    CHECK_EQUAL(0, memcmp(&delivery->source6.sin6_addr, ipv6, 16));
    CHECK_EQUAL(rte_cpu_to_be_16(PEER_PORT), delivery->source6.sin6_port);
    CHECK_EQUAL(scope_id, delivery->source6.sin6_scope_id);
}

static inline int send6(
    aeron_udp_channel_transport_t *transport, const uint8_t *to, uint16_t udp_port, uint8_t *payload, size_t length)
{
    struct sockaddr_storage peer = address6_of(to, udp_port);
    struct iovec iov = { .iov_base = payload, .iov_len = length };
    int64_t bytes = 0;
    const int result = adk_transport_send(NULL, transport, &peer, &iov, 1, &bytes);
    CHECK_EQUAL(result > 0 ? (int64_t)length : 0, bytes);
    aeron_err_clear();
    return result;
}

#endif
