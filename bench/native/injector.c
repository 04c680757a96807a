#include "bench/native/injector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/error.h"
#include "wire/checksum.h"

#define INJECTOR_MBUFS (1023)
/* RFC 2544's network for benchmarks. */
#define INJECTOR_SOURCE_IPV4 (0xc61300fe)
#define INJECTOR_SOURCE_PORT (40000)
/* Coprime to every number of channels below it, and far more than one cache line of endpoints. */
#define INJECTOR_STRIDE (389)

int injector_open(injector_t *injector, const poll_job_t *job)
{
    memset(injector, 0, sizeof(*injector));
    injector->job = job;
    injector->socket = -1;
    if (INJECT_SOCKET == job->injection)
    {
        injector->socket = socket(AF_INET, SOCK_DGRAM, 0);
        if (injector->socket < 0)
        {
            adk_set_error(errno, "socket: %s", strerror(errno));
            return -1;
        }
        return 0;
    }

    injector->mempool = rte_pktmbuf_pool_create(
        "injector", INJECTOR_MBUFS, 0, sizeof(adk_note_t), RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (NULL == injector->mempool || 0 != rte_eth_macaddr_get(job->port_id, &injector->mac))
    {
        adk_set_error(ENOMEM, "port %u: no frames to inject", job->port_id);
        injector_close(injector);
        return -1;
    }

    return 0;
}

void injector_close(injector_t *injector)
{
    if (injector->socket >= 0)
    {
        (void)close(injector->socket);
    }
    rte_mempool_free(injector->mempool);
}

static int put_into_socket(const injector_t *injector, uint16_t udp_port)
{
    static const uint8_t payload[INJECTOR_PAYLOAD_LENGTH];
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = rte_cpu_to_be_16(udp_port),
                                         .sin_addr.s_addr = rte_cpu_to_be_32(injector->job->local_ipv4) };

    const ssize_t sent = sendto(
        injector->socket, payload, sizeof(payload), 0, (const struct sockaddr *)&address, sizeof(address));
    if (sent < 0)
    {
        adk_set_error(errno, "sendto UDP port %u: %s", udp_port, strerror(errno));
        return -1;
    }
    return 0;
}

static void write_frame(const injector_t *injector, struct rte_mbuf *mbuf, uint16_t udp_port)
{
    const uint16_t datagram_length = sizeof(struct rte_udp_hdr) + INJECTOR_PAYLOAD_LENGTH;
    adk_header_t *header = rte_pktmbuf_mtod(mbuf, adk_header_t *);

    adk_header_init(
        header,
        injector->mac.addr_bytes,
        INJECTOR_SOURCE_IPV4,
        INJECTOR_SOURCE_PORT,
        injector->job->local_ipv4,
        udp_port);
    header->ethernet.dst_addr = injector->mac;
    memset(header + 1, 0, INJECTOR_PAYLOAD_LENGTH);
    const uint32_t ipv4_sum = adk_checksum_ipv4_base(header);
    header->ipv4.total_length = rte_cpu_to_be_16(sizeof(struct rte_ipv4_hdr) + datagram_length);
    header->ipv4.hdr_checksum = adk_checksum_ipv4_finish(ipv4_sum, header->ipv4.total_length);
    header->udp.dgram_len = rte_cpu_to_be_16(datagram_length);
    header->udp.dgram_cksum = adk_checksum_udp_finish(adk_checksum_pseudo_base(header), &header->udp, datagram_length);
    mbuf->data_len = sizeof(*header) + INJECTOR_PAYLOAD_LENGTH;
    mbuf->pkt_len = mbuf->data_len;
}

int injector_put(injector_t *injector, uint16_t udp_port)
{
    if (injector->socket >= 0)
    {
        return put_into_socket(injector, udp_port);
    }

    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(injector->mempool);
    if (NULL == mbuf)
    {
        adk_set_error(ENOBUFS, "the driver keeps the frames that were injected");
        return -1;
    }
    write_frame(injector, mbuf, udp_port);
    if (1 != rte_eth_tx_burst(injector->job->port_id, 0, &mbuf, 1))
    {
        rte_pktmbuf_free(mbuf);
        adk_set_error(ENOBUFS, "port %u takes no more frames", injector->job->port_id);
        return -1;
    }
    return 0;
}

int injector_put_burst(injector_t *injector)
{
    const uint32_t channels = injector->job->channels;

    for (int i = 0; i < INJECTOR_BURST_LENGTH; i++)
    {
        if (injector_put(injector, (uint16_t)(injector->job->first_udp_port + injector->next_channel)) < 0)
        {
            return -1;
        }
        injector->next_channel = (uint16_t)((injector->next_channel + INJECTOR_STRIDE) % channels);
    }

    return 0;
}
