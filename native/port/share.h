/* One device for several interfaces: the first opens it, the others share it. See docs/decisions/0028 */
#ifndef ADK_PORT_SHARE_H
#define ADK_PORT_SHARE_H

#include "port/port.h"

static inline bool adk_port_is_guest(const adk_port_t *port)
{
    return port->device != port;
}

/*
 * Makes port a guest of device, with its own tag, MTU and steering rules. Everything else belongs to device, which is
 * open and outlives it. 0, or -1 with the error set. adk_port_close() undoes it.
 */
int adk_port_share(adk_port_t *port, adk_port_t *device, const adk_settings_t *settings);
void adk_port_leave_device(adk_port_t *guest);

#endif
