/*
 * A transport's UDP port: reserved for its family or for both, on its interface or on all; and what happens when
 * another transport takes it over.
 */
#ifndef ADK_TRANSPORT_PORTS_H
#define ADK_TRANSPORT_PORTS_H

#include "transport/media.h"

/* Bound to [::], it hears IPv4 too, as Aeron's socket does: Aeron leaves IPV6_V6ONLY off. */
static inline bool adk_port_is_of_both(const adk_transport_t *state)
{
    return state->is_ipv6 && adk_ipv6_is_unspecified(state->bound6);
}

/*
 * Conductor. Reserves wanted, or for 0 a free port, if possible one whose answers come to the sender's queue. answers:
 * NULL except for IPv4. 0, or -1 with Aeron's error set.
 */
int adk_ports_reserve(adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers);
void adk_ports_release(const adk_transport_t *state);

/* Conductor: adds the devices' rules for the port, if a sender's IPv4 frames are steered by rules. */
void adk_ports_steer(const adk_transport_t *state);
void adk_ports_unsteer(const adk_transport_t *state);

/* Polling thread. 0, or -1 if another transport has the port by now; then it is not polled at all. */
int adk_ports_publish(const adk_transport_t *state);
void adk_ports_withdraw(const adk_transport_t *state);

/* Conductor. Removes what others can see of a transport: its counter, the device's rule for its port, its sockets. */
void adk_transport_hide(adk_transport_t *state);

#endif
