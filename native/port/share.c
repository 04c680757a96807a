#include "port/share.h"

#include <errno.h>
#include <string.h>

#include "port/error.h"
#include "port/steering.h"
#include "port/vlan.h"

int adk_port_share(adk_port_t *port, adk_port_t *device, const adk_settings_t *settings)
{
    if (settings->mtu > device->mtu)
    {
        adk_set_error(
            EINVAL,
            "AERON_DPDK_MTU=%u of an interface that shares %s is more than the %u of the first one",
            settings->mtu,
            device->name,
            device->mtu);
        return -1;
    }
    memcpy(port, device, sizeof(*port));
    port->settings = *settings;
    port->mtu = 0 == settings->mtu ? device->mtu : settings->mtu;
    port->is_started = false;
    port->is_callback_registered = false;
    port->steering = NULL;
    adk_vlan_set_tag(port, settings->vlan_tci);
    port->next_guest = device->next_guest;
    device->next_guest = port;
    if (NULL != device->steering)
    {
        (void)adk_port_steering_open(port, settings->local_ipv4);
    }
    return 0;
}

void adk_port_leave_device(adk_port_t *guest)
{
    adk_port_t *before = guest->device;

    while (NULL != before && before->next_guest != guest)
    {
        before = before->next_guest;
    }
    if (NULL != before)
    {
        before->next_guest = guest->next_guest;
    }
    adk_port_steering_close(guest);
}
