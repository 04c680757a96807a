/*
 * A transport's UDP port: taken for its family or for both, on its interface or on all; and what happens when another
 * transport takes it.
 */
#ifndef ADK_TRANSPORT_PORTS_H
#define ADK_TRANSPORT_PORTS_H

#include "transport/media.h"

/* Bound to [::], which hears IPv4 too, as Aeron's socket does: it leaves IPV6_V6ONLY off. */
static inline bool adk_port_is_of_both(const adk_transport_t *state)
{
    return state->is_ipv6 && adk_ipv6_is_unspecified(state->bound6);
}

/*
 * Conductor. Takes wanted, or a free one for 0: one that brings answers to the sender's queue, where there are such.
 * answers: NULL but for IPv4. 0, or -1 with Aeron's error set.
 */
int adk_ports_reserve(adk_transport_t *state, uint16_t wanted, const adk_answers_t *answers);
void adk_ports_release(const adk_transport_t *state);

/* Conductor: the devices' rules for the port, where a sender's frames of IPv4 come by rules. */
void adk_ports_steer(const adk_transport_t *state);
void adk_ports_unsteer(const adk_transport_t *state);

/* Polling thread. 0, or -1 if the port is another's by now, and then it is polled nowhere. */
int adk_ports_publish(const adk_transport_t *state);
void adk_ports_withdraw(const adk_transport_t *state);

/* Conductor. Takes back what others see of a transport: its counter, the device's rule for its port, its sockets. */
void adk_transport_hide(adk_transport_t *state);

#endif
