/*
 * Sends individual UDP ports to the sender's RX queue if the device can (rte_flow), so that status messages and NAKs
 * need not cross from the receiver's thread. Frames that arrive on the wrong queue are handed over in software: a rule
 * that cannot be made costs time, but never frames. Not run on hardware.
 */
#ifndef ADK_PORT_STEERING_H
#define ADK_PORT_STEERING_H

#include "port/port.h"

/* Asks the device, configured with two RX queues but not started. Allocates the table of rules if it agrees. */
bool adk_port_steering_open(adk_port_t *port, uint32_t local_ipv4);
void adk_port_steering_close(adk_port_t *port);

/* Conductor thread. No effect on a port that does not steer. */
void adk_port_steer(adk_port_t *port, uint16_t udp_port);
void adk_port_unsteer(adk_port_t *port, uint16_t udp_port);

/*
 * Brackets a restart, which loses all rules and the device's handles for them. Control thread; a conductor that wants
 * to add or remove a rule in between waits.
 */
void adk_port_steering_suspend(adk_port_t *port);
void adk_port_steering_resume(adk_port_t *port, bool is_running);

#endif
