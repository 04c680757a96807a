#include <assert.h>
#include <stddef.h>

#include "api/aeron_dpdk.h"

static const char *const names[] = {
    [ADK_COUNT_RX_PACKETS] = "rx-packets",
    [ADK_COUNT_RX_BYTES] = "rx-bytes",
    [ADK_COUNT_TX_PACKETS] = "tx-packets",
    [ADK_COUNT_TX_BYTES] = "tx-bytes",
    [ADK_COUNT_LOOPBACK_PACKETS] = "loopback-packets",
    [ADK_COUNT_RX_REASSEMBLED] = "rx-reassembled",
    [ADK_COUNT_TX_FRAGMENTED] = "tx-fragmented",
    [ADK_COUNT_RX_TRUNCATED] = "rx-truncated",
    [ADK_COUNT_RX_NOT_OUR_MAC] = "rx-not-our-mac",
    [ADK_COUNT_RX_ETHERTYPE] = "rx-ethertype",
    [ADK_COUNT_RX_IPV4_HEADER] = "rx-ipv4-header",
    [ADK_COUNT_RX_IPV4_CHECKSUM] = "rx-ipv4-checksum",
    [ADK_COUNT_RX_FRAGMENT] = "rx-fragment",
    [ADK_COUNT_RX_NOT_OUR_ADDRESS] = "rx-not-our-address",
    [ADK_COUNT_RX_NOT_OUR_GROUP] = "rx-not-our-group",
    [ADK_COUNT_RX_MARTIAN_SOURCE] = "rx-martian-source",
    [ADK_COUNT_RX_PROTOCOL] = "rx-protocol",
    [ADK_COUNT_RX_UDP_HEADER] = "rx-udp-header",
    [ADK_COUNT_RX_UDP_CHECKSUM] = "rx-udp-checksum",
    [ADK_COUNT_RX_NO_ENDPOINT] = "rx-no-endpoint",
    [ADK_COUNT_RX_SENDER_DISCARD] = "rx-sender-discard",
    [ADK_COUNT_HANDOFF_FULL] = "handoff-full",
    [ADK_COUNT_LOOPBACK_FULL] = "loopback-full",
    [ADK_COUNT_CONTROL_FULL] = "control-full",
    [ADK_COUNT_ARP_DISPUTED] = "arp-disputed",
    [ADK_COUNT_TX_NOBUFS] = "tx-nobufs",
    [ADK_COUNT_TX_EAGAIN] = "tx-eagain",
    [ADK_COUNT_TX_UNRESOLVED] = "tx-unresolved",
    [ADK_COUNT_TX_TOO_LONG] = "tx-too-long",
    [ADK_COUNT_TX_UNREACHABLE] = "tx-unreachable",
    [ADK_COUNT_TX_PREPARE] = "tx-prepare",
    [ADK_COUNT_TX_RESET] = "tx-reset",
    [ADK_COUNT_CONTROL_TX_FULL] = "control-tx-full",
    [ADK_COUNT_CONTROL_MALFORMED] = "control-malformed",
    [ADK_COUNT_CONTROL_RATE_LIMITED] = "control-rate-limited",
    [ADK_COUNT_CONTROL_ERRORS] = "control-errors",
    [ADK_COUNT_ARP_REQUESTS_SENT] = "arp-requests-sent",
    [ADK_COUNT_ARP_REPLIES_SENT] = "arp-replies-sent",
    [ADK_COUNT_ARP_IGNORED] = "arp-ignored",
    [ADK_COUNT_ARP_FAILED] = "arp-failed",
    [ADK_COUNT_ARP_CONFLICT] = "arp-conflict",
    [ADK_COUNT_PARKED_DROPPED] = "parked-dropped",
    [ADK_COUNT_ICMP_ECHO_REPLIES] = "icmp-echo-replies",
    [ADK_COUNT_ICMP_UNREACHABLE] = "icmp-unreachable",
    [ADK_COUNT_ICMP_FRAGMENTATION_NEEDED] = "icmp-fragmentation-needed",
    [ADK_COUNT_ICMP_IGNORED] = "icmp-ignored",
    [ADK_COUNT_IGMP_QUERIES] = "igmp-queries",
    [ADK_COUNT_IGMP_REPORTS_SENT] = "igmp-reports-sent",
    [ADK_COUNT_IGMP_IGNORED] = "igmp-ignored",
    [ADK_COUNT_RX_KERNEL_DROPPED] = "rx-kernel-dropped",
    [ADK_COUNT_LINK_CHANGES] = "link-changes",
    [ADK_COUNT_PORT_RESETS] = "port-resets",
};

static_assert(ADK_COUNT_SIZE == sizeof(names) / sizeof(names[0]), "every count has a name");

const char *adk_count_name(int count)
{
    return count >= 0 && count < ADK_COUNT_SIZE ? names[count] : NULL;
}
