/*
 * Two RX queues under RSS, for a device that cannot be told which UDP ports are the sender's: the device hashes by
 * Toeplitz with a key that we know, one entry of its table in 128 leads to the sender's queue, and a publication sends
 * from a port whose answers hash to that entry. Frames that arrive on the wrong queue are handed over in software.
 * Not run on hardware. docs/decisions/0023
 */
#ifndef ADK_PORT_RSS_H
#define ADK_PORT_RSS_H

#include "port/port.h"

/* The frames of one peer to a UDP port of ours that is still to be chosen. Host byte order. */
typedef struct adk_answers_stct
{
    const adk_rss_t *rss;
    uint32_t peer_ipv4;
    uint32_t local_ipv4;
    uint16_t peer_port;
} adk_answers_t;

/* Before the device is configured: allocates port->rss and requests the hash, if the device has one that we know. */
bool adk_port_rss_open(adk_port_t *port, const struct rte_eth_dev_info *info);
void adk_port_rss_close(adk_port_t *port);

/* After each start: fills the device's table and reads its key. False if the device does not reveal it. */
bool adk_port_rss_start(adk_port_t *port);

bool adk_answers_reach_sender(const adk_answers_t *answers, uint16_t local_port);

#endif
