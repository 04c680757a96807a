#include "bench/native/channels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>

#include "port/error.h"
#include "util/aeron_error.h"

/* Aeron's default channel MTU. */
#define CHANNELS_MTU (1408)
#define CHANNELS_VECTOR_LENGTH (2)

static int add(
    channels_t *channels, aeron_udp_channel_transport_affinity_t affinity, uint32_t local_ipv4, uint16_t udp_port)
{
    const aeron_udp_channel_transport_bindings_t *bindings = channels->driver->context->udp_channel_transport_bindings;
    aeron_udp_channel_transport_t *transport = &channels->transports[channels->length];
    aeron_udp_channel_transport_params_t params = { .mtu_length = CHANNELS_MTU };
    struct sockaddr_storage address = { 0 };

    *(struct sockaddr_in *)&address = (struct sockaddr_in){ .sin_family = AF_INET,
                                                            .sin_addr.s_addr = rte_cpu_to_be_32(local_ipv4),
                                                            .sin_port = rte_cpu_to_be_16(udp_port) };
    if (bindings->init_func(transport, &address, NULL, NULL, &params, channels->driver->context, affinity) < 0)
    {
        return -1;
    }
    channels->length++;
    return bindings->poller_add_func(channels->poller, transport);
}

int channels_open(
    channels_t *channels,
    aeron_driver_t *driver,
    aeron_udp_channel_transport_affinity_t affinity,
    uint32_t local_ipv4,
    uint16_t first_udp_port,
    uint32_t count)
{
    memset(channels, 0, sizeof(*channels));
    channels->driver = driver;
    channels->poller = AERON_UDP_CHANNEL_TRANSPORT_AFFINITY_SENDER == affinity ? &driver->sender.poller
                                                                               : &driver->receiver.poller;
    channels->transports = calloc(count, sizeof(channels->transports[0]));
    if (NULL == channels->transports)
    {
        adk_set_error(ENOMEM, "no memory for %u transports", count);
        return -1;
    }

    for (uint32_t i = 0; i < count; i++)
    {
        if (add(channels, affinity, local_ipv4, (uint16_t)(first_udp_port + i)) < 0)
        {
            adk_set_error(aeron_errcode(), "channel %u of %u: %s", i + 1, count, aeron_errmsg());
            aeron_err_clear();
            channels_close(channels);
            return -1;
        }
    }

    return 0;
}

void channels_close(channels_t *channels)
{
    const aeron_udp_channel_transport_bindings_t *bindings = channels->driver->context->udp_channel_transport_bindings;

    for (uint32_t i = 0; i < channels->length; i++)
    {
        (void)bindings->poller_remove_func(channels->poller, &channels->transports[i]);
        (void)bindings->close_func(&channels->transports[i]);
    }
    free(channels->transports);
    memset(channels, 0, sizeof(*channels));
}

int channels_poll(channels_t *channels, aeron_udp_transport_recv_func_t recv_func, void *clientd)
{
    aeron_driver_receiver_t *receiver = &channels->driver->receiver;
    struct mmsghdr messages[CHANNELS_VECTOR_LENGTH];
    int64_t bytes = 0;

    for (size_t i = 0; i < CHANNELS_VECTOR_LENGTH; i++)
    {
        messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &receiver->recv_buffers.addrs[i],
                                                     .msg_namelen = sizeof(receiver->recv_buffers.addrs[i]),
                                                     .msg_iov = &receiver->recv_buffers.iov[i],
                                                     .msg_iovlen = 1 } };
    }

    return receiver->poller_poll_func(
        channels->poller, messages, CHANNELS_VECTOR_LENGTH, &bytes, recv_func, receiver->recvmmsg_func, clientd);
}
