#include "port/multicast.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "port/error.h"

struct adk_multicast_stct
{
    pthread_mutex_t lock; /* set-up only: serialises the conductor with a restart by the control thread */
    uint32_t length;
    struct rte_ether_addr macs[ADK_PORT_MULTICAST_MAX];
    uint32_t joined[ADK_PORT_MULTICAST_MAX]; /* number of joins, by position in macs */
};

int adk_port_multicast_open(adk_port_t *port)
{
    port->multicast = calloc(1, sizeof(*port->multicast));
    if (NULL == port->multicast)
    {
        adk_set_error(ENOMEM, "no memory for the multicast filter");
        return -1;
    }
    (void)pthread_mutex_init(&port->multicast->lock, NULL);
    return 0;
}

void adk_port_multicast_close(adk_port_t *port)
{
    if (NULL != port->multicast)
    {
        (void)pthread_mutex_destroy(&port->multicast->lock);
        free(port->multicast);
        port->multicast = NULL;
    }
}

/* Applies the narrowest filter that the device supports. */
static int apply(adk_port_t *port)
{
    adk_multicast_t *multicast = port->multicast;

    if (port->quirks->hears_all_multicast ||
        0 == rte_eth_dev_set_mc_addr_list(port->id, multicast->macs, multicast->length) ||
        0 == multicast->length ||
        0 == rte_eth_allmulticast_enable(port->id) ||
        0 == rte_eth_promiscuous_enable(port->id))
    {
        return 0;
    }
    adk_set_error(
        EOPNOTSUPP,
        "%s (%s) has no filter for multicast, and is neither all-multicast nor promiscuous: it does not hear groups",
        port->name,
        port->quirks->driver);
    return -1;
}

static uint32_t position_of(const adk_multicast_t *multicast, const uint8_t *mac)
{
    uint32_t position = 0;
    while (position < multicast->length && 0 != memcmp(&multicast->macs[position], mac, RTE_ETHER_ADDR_LEN))
    {
        position++;
    }
    return position;
}

static void forget(adk_multicast_t *multicast, uint32_t position)
{
    multicast->length--;
    multicast->macs[position] = multicast->macs[multicast->length];
    multicast->joined[position] = multicast->joined[multicast->length];
}

static int join(adk_port_t *port, const uint8_t *mac)
{
    adk_multicast_t *multicast = port->multicast;
    const uint32_t position = position_of(multicast, mac);

    if (position < multicast->length)
    {
        multicast->joined[position]++;
        return 0;
    }
    if (ADK_PORT_MULTICAST_MAX == multicast->length)
    {
        adk_set_error(ENOBUFS, "%s: more than %d multicast addresses", port->name, ADK_PORT_MULTICAST_MAX);
        return -1;
    }
    memcpy(&multicast->macs[position], mac, RTE_ETHER_ADDR_LEN);
    multicast->joined[position] = 1;
    multicast->length++;
    if (apply(port) < 0)
    {
        forget(multicast, position);
        return -1;
    }
    return 0;
}

int adk_port_join_mac(adk_port_t *port, const uint8_t *mac)
{
    (void)pthread_mutex_lock(&port->multicast->lock);
    const int result = join(port, mac);
    (void)pthread_mutex_unlock(&port->multicast->lock);
    return result;
}

int adk_port_join(adk_port_t *port, uint32_t group)
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];
    adk_multicast_mac(group, mac);
    return adk_port_join_mac(port, mac);
}

void adk_port_leave_mac(adk_port_t *port, const uint8_t *mac)
{
    adk_multicast_t *multicast = port->multicast;

    (void)pthread_mutex_lock(&multicast->lock);
    const uint32_t position = position_of(multicast, mac);
    if (position < multicast->length && 0 == --multicast->joined[position])
    {
        forget(multicast, position);
        (void)apply(port);
    }
    (void)pthread_mutex_unlock(&multicast->lock);
}

void adk_port_leave(adk_port_t *port, uint32_t group)
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];
    adk_multicast_mac(group, mac);
    adk_port_leave_mac(port, mac);
}

void adk_port_multicast_suspend(adk_port_t *port)
{
    (void)pthread_mutex_lock(&port->multicast->lock);
}

void adk_port_multicast_resume(adk_port_t *port, bool is_started)
{
    if (is_started && 0 != port->multicast->length)
    {
        (void)apply(port);
    }
    (void)pthread_mutex_unlock(&port->multicast->lock);
}
