/*
 * Sends single UDP ports to the sender's RX queue where the device can (rte_flow), so that status messages and NAKs
 * do not cross from the receiver's thread. Every frame that arrives on the wrong queue all the same is handed over
 * in software: a rule that cannot be made costs time, never frames. Not run on hardware.
 */
#ifndef ADK_PORT_STEERING_H
#define ADK_PORT_STEERING_H

#include "port/port.h"

/* Asks the device, configured with two RX queues but not started. Allocates the table of rules when it agrees. */
bool adk_port_steering_open(adk_port_t *port, uint32_t local_ipv4);
void adk_port_steering_close(adk_port_t *port);

/* Conductor thread. Without effect on a port that does not steer. */
void adk_port_steer(adk_port_t *port, uint16_t udp_port);
void adk_port_unsteer(adk_port_t *port, uint16_t udp_port);

/*
 * Around a restart, which loses all rules and what the device knows them by. Control thread; a conductor that wants to
 * make or drop a rule meanwhile waits.
 */
void adk_port_steering_suspend(adk_port_t *port);
void adk_port_steering_resume(adk_port_t *port, bool is_running);

#endif
