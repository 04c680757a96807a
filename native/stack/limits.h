/* Every compile-time bound of the stack, and how they depend on each other. */
#ifndef ADK_STACK_LIMITS_H
#define ADK_STACK_LIMITS_H

#include <assert.h>

#include "port/port.h"

/* One slot per UDP port: the array is the demultiplexer. */
#define ADK_ENDPOINTS (65536)

/* Linux's default net.ipv4.ip_local_port_range, so that captures look familiar. */
#define ADK_EPHEMERAL_PORT_FIRST (32768)
#define ADK_EPHEMERAL_PORT_LAST (60999)

#define ADK_NEIGHBOURS (1024)

/*
 * Per driver. Each interface has its own tables and rings; eight are two NICs with three VLANs and a further address
 * each.
 */
#define ADK_INTERFACES_MAX (8)

/* context.h AERON_NETWORK_PUBLICATION_MAX_MESSAGES_PER_SEND_MAX: an Aeron send call carries at most 16 datagrams. */
#define ADK_SEND_BURST_MAX (16)

/* Frames that may wait between two of our threads. */
#define ADK_INBOX_LENGTH (2048)
#define ADK_FORWARD_LENGTH (512)
#define ADK_CONTROL_LENGTH (512)
#define ADK_RESOLVER_LENGTH (64)

/* Destinations that one transport keeps a ready header for. */
#define ADK_DESTINATIONS (16)

/* Sources whose MAC a thread remembers from their last frame: one per last octet of an address. */
#define ADK_SOURCES (256)

/*
 * ARP packets against one neighbour that may reach the control plane between two of its own requests; RFC 5227's two
 * announcements and the answers to our requests are fewer.
 */
#define ADK_DISPUTES (16)

/* How long a destination waits before it asks the control plane about the same neighbour again. */
#define ADK_ASK_AGAIN_NS (2 * 1000 * 1000)

/* The longest frame that is gathered from several mbufs: a whole IPv4 datagram. */
#define ADK_LINEAR_LENGTH (65536 + 64)

/* Per datagram: the limit of DPDK's reassembly, and so ours for sending. */
#define ADK_FRAGMENTS_MAX (RTE_LIBRTE_IP_FRAG_MAX_FRAG)

/* Datagrams being reassembled at a time, for each thread that polls the port. */
#define ADK_REASSEMBLIES (32)

/*
 * How long a datagram's fragments wait for the rest. A flood of lone fragments can fill the table for this long at
 * most.
 */
#define ADK_REASSEMBLY_NS (500 * 1000 * 1000)

/* Frames that a full TX ring did not take: those of one send, each payload in as many fragments as allowed. */
#define ADK_BACKLOG_LENGTH (ADK_SEND_BURST_MAX * ADK_FRAGMENTS_MAX)

#define ADK_FRAGMENT_MBUFS (2 * ADK_REASSEMBLIES * ADK_FRAGMENTS_MAX + ADK_BACKLOG_LENGTH)
#define ADK_RING_MBUFS (4 * ADK_INBOX_LENGTH + 2 * ADK_FORWARD_LENGTH + 5 * ADK_CONTROL_LENGTH + ADK_RESOLVER_LENGTH)
#define ADK_EXTRA_MBUFS (ADK_RING_MBUFS + ADK_FRAGMENT_MBUFS)

/*
 * Divides the length of the rings of an interface that shares another's port: their frames come from the same mempools.
 */
#define ADK_GUEST_PART (4)
#define ADK_GUEST_MBUFS                                                                                        \
    ((ADK_RING_MBUFS - 2 * ADK_FORWARD_LENGTH) / ADK_GUEST_PART + 2 * ADK_FORWARD_LENGTH + ADK_FRAGMENT_MBUFS)

static_assert(0 == (ADK_DESTINATIONS & (ADK_DESTINATIONS - 1)), "an index mask");
static_assert(
    ADK_INBOX_LENGTH / ADK_GUEST_PART >= 4 * ADK_RX_BURST_LENGTH, "a burst must never overflow an idle inbox");

/* A mempool of the next size has twice the memory. */
static_assert(
    ADK_EXTRA_MBUFS + 2 * ADK_PORT_TX_QUEUES_MAX * ADK_PORT_DEFAULT_MEMPOOL_CACHE_SIZE +
            2 * ADK_PORT_DEFAULT_RX_QUEUE_SIZE <
        16384,
    "16383 mbufs are enough for two RX queues");

#endif
