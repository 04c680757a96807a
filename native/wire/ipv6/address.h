/* IPv6 addresses as two words in network byte order, and their kinds in RFC 4291. */
#ifndef ADK_WIRE_IPV6_ADDRESS_H
#define ADK_WIRE_IPV6_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#define ADK_IPV6_LENGTH (16)

typedef struct adk_ipv6_stct
{
    uint64_t words[2];
} adk_ipv6_t;

static_assert(ADK_IPV6_LENGTH == sizeof(adk_ipv6_t), "nothing but the address");

static inline adk_ipv6_t adk_ipv6_of(const void *bytes)
{
    adk_ipv6_t address;
    memcpy(&address, bytes, sizeof(address));
    return address;
}

static inline bool adk_ipv6_is_same(adk_ipv6_t a, adk_ipv6_t b)
{
    return 0 == ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1]));
}

/* Whether their first length bits are the same; length is at most 128. */
static inline bool adk_ipv6_has_prefix(adk_ipv6_t a, adk_ipv6_t b, uint32_t length)
{
    const uint64_t high = rte_be_to_cpu_64(a.words[0] ^ b.words[0]);
    const uint64_t low = rte_be_to_cpu_64(a.words[1] ^ b.words[1]);
    if (length <= 64)
    {
        return 0 == length || 0 == high >> (64 - length);
    }
    return 0 == high && 0 == low >> (128 - length);
}

/* How many of their leading bits are the same. */
static inline uint32_t adk_ipv6_common_prefix(adk_ipv6_t a, adk_ipv6_t b)
{
    const uint64_t high = rte_be_to_cpu_64(a.words[0] ^ b.words[0]);
    const uint64_t low = rte_be_to_cpu_64(a.words[1] ^ b.words[1]);
    if (0 != high)
    {
        return (uint32_t)__builtin_clzll(high);
    }
    return 0 == low ? 128 : 64 + (uint32_t)__builtin_clzll(low);
}

static inline uint8_t adk_ipv6_byte(adk_ipv6_t address, int index)
{
    return ((const uint8_t *)&address)[index];
}

static inline bool adk_ipv6_is_unspecified(adk_ipv6_t address)
{
    return 0 == (address.words[0] | address.words[1]);
}

static inline bool adk_ipv6_is_loopback(adk_ipv6_t address)
{
    return 0 == address.words[0] && rte_cpu_to_be_64(1) == address.words[1];
}

static inline bool adk_ipv6_is_multicast(adk_ipv6_t address)
{
    return 0xff == adk_ipv6_byte(address, 0);
}

/* fe80::/10 */
static inline bool adk_ipv6_is_link_local(adk_ipv6_t address)
{
    return 0xfe == adk_ipv6_byte(address, 0) && 0x80 == (adk_ipv6_byte(address, 1) & 0xc0);
}

/* ::ffff:0:0/96, by which a socket of both families names an IPv4 address (RFC 4291 §2.5.5.2). Never on the wire. */
static inline bool adk_ipv6_is_mapped(adk_ipv6_t address)
{
    return 0 == address.words[0] && rte_cpu_to_be_32(0xffff) == (uint32_t)address.words[1];
}

/* A group that is not routed: its scope is the interface or the link (RFC 4291 §2.7). */
static inline bool adk_ipv6_is_link_group(adk_ipv6_t address)
{
    return adk_ipv6_is_multicast(address) && (adk_ipv6_byte(address, 1) & 0xf) <= 2;
}

/* ff02::1 */
static inline adk_ipv6_t adk_ipv6_all_nodes(void)
{
    return (adk_ipv6_t){ { rte_cpu_to_be_64(UINT64_C(0xff02) << 48), rte_cpu_to_be_64(1) } };
}

/* ff02::1:ff00:0/104 and the address's last 24 bits (RFC 4291 §2.7.1). */
static inline adk_ipv6_t adk_ipv6_solicited_node(adk_ipv6_t address)
{
    const uint64_t low = rte_be_to_cpu_64(address.words[1]) & 0xffffff;
    return (adk_ipv6_t){ { rte_cpu_to_be_64(UINT64_C(0xff02) << 48), rte_cpu_to_be_64(UINT64_C(0x1ff000000) | low) } };
}

/* 33:33 and the group's last four bytes (RFC 2464 §7). */
static inline void adk_ipv6_group_mac(adk_ipv6_t group, uint8_t *mac)
{
    mac[0] = 0x33;
    mac[1] = 0x33;
    memcpy(mac + 2, (const uint8_t *)&group + 12, 4);
}

static inline bool adk_ipv6_is_group_mac(const uint8_t *mac)
{
    return 0x33 == mac[0] && 0x33 == mac[1];
}

#endif
