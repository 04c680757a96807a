/* What the frames are given to: DPDK's devices, and a NIC of which only the descriptor ring exists. */
#ifndef ZERO_COPY_DEVICE_H
#define ZERO_COPY_DEVICE_H

#include <rte_mbuf.h>

#define DEVICE_DESCRIPTORS_MAX (1024)

typedef struct descriptor_stct
{
    uint64_t address;
    uint64_t length_and_flags;
} descriptor_t;

typedef struct device_stct
{
    const char *name;
    void (*send)(struct device_stct *device, struct rte_mbuf **frames, uint16_t count);
    uint16_t port_id;
    uint16_t peer_port_id;            /* the port that takes the frames out again; RTE_MAX_ETHPORTS: not needed */
    uint32_t size;
    uint32_t next;
    volatile descriptor_t descriptors[DEVICE_DESCRIPTORS_MAX];
    struct rte_mbuf *segments[DEVICE_DESCRIPTORS_MAX];
} device_t;

/*
 * Writes a descriptor for each segment, and frees the segment that last used it, as do those transmit functions of
 * ixgbe, i40e, ice and iavf that accept segments (ixgbe_xmit_pkts() and its copies). Frames count as sent the moment
 * they are written.
 */
void device_open_ring(device_t *device, const char *name, uint32_t size);
/* Frees the frames at once. */
void device_open_null(device_t *device);
/* A packed virtqueue with vhost-user behind it; their socket is created in the working directory. */
void device_open_virtio(device_t *device);

/* Outside the measured time: the other end of the device does its work. */
void device_drain(const device_t *device);

#endif
