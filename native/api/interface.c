/*
 * Aeron resolves interface= through getifaddrs(), which does not list a NIC that the kernel has given up. This adds
 * entries in front of the kernel's list (util/aeron_netutil.c aeron_set_getifaddrs).
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "stack/limits.h"
#include "util/aeron_netutil.h"

typedef struct adk_shown_address_stct
{
    struct ifaddrs entry;
    struct sockaddr_storage address;
    struct sockaddr_storage netmask;
} adk_shown_address_t;

typedef struct adk_interface_stct
{
    adk_shown_address_t shown[1 + ADK_LOCALS6];
    char name[16];
    const adk_locals6_t *locals6;     /* read at each lookup; NULL: none */
} adk_interface_t;

typedef struct adk_published_stct
{
    adk_interface_t interfaces[ADK_INTERFACES_MAX];
    int length;
} adk_published_t;

/* aeron_set_getifaddrs() takes functions without a state argument, so what they return has to be per process. */
static adk_published_t published;

static void show6(adk_shown_address_t *shown, adk_ipv6_t address, uint32_t prefix_length)
{
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&shown->address;
    struct sockaddr_in6 *netmask = (struct sockaddr_in6 *)&shown->netmask;

    *ipv6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
    *netmask = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
    memcpy(&ipv6->sin6_addr, &address, sizeof(address));
    for (uint32_t bit = 0; bit < prefix_length; bit++)
    {
        netmask->sin6_addr.s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
}

/*
 * The usable addresses; link-local ones last, because interface={name} should pick one only if there is no other.
 * Returns their number.
 */
static int show_all6(adk_interface_t *ours)
{
    const uint32_t length = NULL == ours->locals6 ? 0 : adk_locals6_length(ours->locals6);
    int count = 0;

    for (uint32_t i = 0; i < 2 * length; i++)
    {
        const adk_local6_t *local = &ours->locals6->slots[i % length];
        const adk_ipv6_t address = adk_local6_address(local);
        if (ADK_LOCAL6_USABLE == adk_local6_state(local) && adk_ipv6_is_link_local(address) == (i >= length))
        {
            count++;
            show6(&ours->shown[count], address, atomic_load_explicit(&local->prefix_length, memory_order_relaxed));
        }
    }
    return count;
}

/* Chains the entries of one interface in front of those that follow; returns the first. */
static struct ifaddrs *link_up(adk_interface_t *ours, struct ifaddrs *following)
{
    const int last = show_all6(ours);
    for (int i = 0; i <= last; i++)
    {
        ours->shown[i].entry = (struct ifaddrs){
            .ifa_next = i == last ? following : &ours->shown[i + 1].entry,
            .ifa_name = ours->name,
            .ifa_flags = IFF_UP | IFF_RUNNING | IFF_MULTICAST,
            .ifa_addr = (struct sockaddr *)&ours->shown[i].address,
            .ifa_netmask = (struct sockaddr *)&ours->shown[i].netmask,
        };
    }
    return &ours->shown[0].entry;
}

static int list_interfaces(struct ifaddrs **list)
{
    adk_published_t *ours = malloc(sizeof(*ours));
    struct ifaddrs *kernel = NULL;
    if (NULL == ours || getifaddrs(&kernel) < 0)
    {
        free(ours);
        return -1;
    }

    *ours = published;
    *list = kernel;
    for (int i = ours->length - 1; i >= 0; i--)
    {
        *list = link_up(&ours->interfaces[i], *list);
    }
    return 0;
}

/* Freeing the list's first entry frees the whole allocation. */
static_assert(0 == offsetof(adk_published_t, interfaces[0].shown[0].entry), "free() takes the list");

static bool is_ours(const adk_published_t *ours, const struct ifaddrs *entry)
{
    const uintptr_t name = (uintptr_t)entry->ifa_name;
    return name >= (uintptr_t)ours && name < (uintptr_t)(ours + 1);
}

static void free_interfaces(struct ifaddrs *list)
{
    const adk_published_t *ours = (const adk_published_t *)list;
    struct ifaddrs *kernel = list->ifa_next;

    while (NULL != kernel && is_ours(ours, kernel))
    {
        kernel = kernel->ifa_next;
    }
    freeifaddrs(kernel);
    free(list);
}

void adk_interface_publish(const char *name, uint32_t ipv4, uint8_t prefix_length, const adk_locals6_t *locals6)
{
    const uint32_t mask = 0 == prefix_length ? UINT32_MAX : UINT32_MAX << (32 - prefix_length);
    adk_interface_t *interface = &published.interfaces[published.length++];

    memset(interface, 0, sizeof(*interface));
    (void)snprintf(interface->name, sizeof(interface->name), "%s", name);
    *(struct sockaddr_in *)&interface->shown[0].address = (struct sockaddr_in){ .sin_family = AF_INET,
                                                                                .sin_addr.s_addr = htonl(ipv4) };
    *(struct sockaddr_in *)&interface->shown[0].netmask = (struct sockaddr_in){ .sin_family = AF_INET,
                                                                                .sin_addr.s_addr = htonl(mask) };
    interface->locals6 = locals6;
    aeron_set_getifaddrs(list_interfaces, free_interfaces);
}

void adk_interface_withdraw(void)
{
    published.length = 0;
    aeron_set_getifaddrs(getifaddrs, freeifaddrs);
}
