/*
 * Which multicast frames the device lets through: those of its filter if it has one, else all multicast, else
 * everything.
 */
#ifndef ADK_PORT_MULTICAST_H
#define ADK_PORT_MULTICAST_H

#include "port/port.h"

/* MACs; several groups may share one (RFC 1112 §6.4). */
#define ADK_PORT_MULTICAST_MAX (256)

/* 01:00:5e and the group's low 23 bits (RFC 1112 §6.4). */
static inline void adk_multicast_mac(uint32_t group, uint8_t *mac)
{
    mac[0] = 0x01;
    mac[1] = 0x00;
    mac[2] = 0x5e;
    mac[3] = (uint8_t)(group >> 16 & 0x7f);
    mac[4] = (uint8_t)(group >> 8);
    mac[5] = (uint8_t)group;
}

/* Conductor. Joins are counted. 0, or -1 with the error set if the device receives no multicast. */
int adk_port_join(adk_port_t *port, uint32_t group);
void adk_port_leave(adk_port_t *port, uint32_t group);
/* The same by MAC; also called by the control thread, for groups that IPv6 itself needs. */
int adk_port_join_mac(adk_port_t *port, const uint8_t *mac);
void adk_port_leave_mac(adk_port_t *port, const uint8_t *mac);

/* Brackets a restart: no filter is changed in between, and all joins are applied again afterwards. */
void adk_port_multicast_suspend(adk_port_t *port);
void adk_port_multicast_resume(adk_port_t *port, bool is_started);

int adk_port_multicast_open(adk_port_t *port);
void adk_port_multicast_close(adk_port_t *port);

#endif
