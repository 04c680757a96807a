/*
 * Aeron resolves interface= through getifaddrs(), which no longer lists a NIC that left the kernel. This adds one
 * entry in front of the kernel's list (util/aeron_netutil.c aeron_set_getifaddrs).
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "util/aeron_netutil.h"

typedef struct adk_interface_stct
{
    struct ifaddrs entry;
    struct sockaddr_in address;
    struct sockaddr_in netmask;
    char name[64];
} adk_interface_t;

/* aeron_set_getifaddrs() takes bare functions, so what they answer has to be the process's. */
static adk_interface_t published;

static int list_interfaces(struct ifaddrs **list)
{
    adk_interface_t *ours = malloc(sizeof(*ours));
    struct ifaddrs *kernel = NULL;
    if (NULL == ours || getifaddrs(&kernel) < 0)
    {
        free(ours);
        return -1;
    }

    *ours = published;
    ours->entry = (struct ifaddrs){
        .ifa_next = kernel,
        .ifa_name = ours->name,
        .ifa_flags = IFF_UP | IFF_RUNNING | IFF_MULTICAST,
        .ifa_addr = (struct sockaddr *)&ours->address,
        .ifa_netmask = (struct sockaddr *)&ours->netmask,
    };
    *list = &ours->entry;
    return 0;
}

static void free_interfaces(struct ifaddrs *list)
{
    freeifaddrs(list->ifa_next);
    free(list);
}

void adk_interface_publish(const char *name, uint32_t ipv4, uint8_t prefix_length)
{
    const uint32_t mask = 0 == prefix_length ? UINT32_MAX : UINT32_MAX << (32 - prefix_length);

    memset(&published, 0, sizeof(published));
    (void)snprintf(published.name, sizeof(published.name), "%s", name);
    published.address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(ipv4) };
    published.netmask = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(mask) };
    aeron_set_getifaddrs(list_interfaces, free_interfaces);
}

void adk_interface_withdraw(void)
{
    aeron_set_getifaddrs(getifaddrs, freeifaddrs);
}
