#include "port/quirks.h"

#include <stddef.h>
#include <string.h>

static const adk_quirks_t quirks[] = {
    /* ENA: guide, "Tx checksum offload" via tx_prepare; drivers/net/ena/ena_ethdev.c rte_timer_init(). Not run on hardware. */
    { .driver = "net_ena", .needs_tx_prepare = true, .needs_timer = true },
    /* Intel PMDs want the pseudo-header checksum that tx_prepare writes; we write it ourselves too. Not run on hardware. */
    { .driver = "net_ixgbe", .needs_tx_prepare = true },
    { .driver = "net_ixgbe_vf", .needs_tx_prepare = true },
    { .driver = "net_i40e", .needs_tx_prepare = true },
    { .driver = "net_ice", .needs_tx_prepare = true },
    { .driver = "net_iavf", .needs_tx_prepare = true },
    /* drivers/net/vmxnet3/vmxnet3_ethdev.h VMXNET3_DEF_TX_RING_SIZE: smaller rings are refused. */
    { .driver = "net_vmxnet3", .needs_tx_prepare = true, .tx_queue_size_min = 512 },
    /* drivers/net/virtio: checksum offload is set up by tx_prepare. */
    { .driver = "net_virtio", .needs_tx_prepare = true },
    /* drivers/net/ring, pcap: queues in memory and files. */
    { .driver = "net_ring", .hears_all_multicast = true },
    { .driver = "net_pcap", .hears_all_multicast = true },
    /* drivers/net/af_xdp: the fill ring alone takes 2 x 2048 buffers. */
    { .driver = "net_af_xdp", .rx_mempool_size_min = 16383 },
    /* drivers/net/memif: each TX queue wants an RX queue at the other end, and we poll one. */
    { .driver = "net_memif", .tx_queues_max = 1, .hears_all_multicast = true },
    /* drivers/net/tap: as many TX queues as RX queues, or tap_dev_configure() fails. */
    { .driver = "net_tap", .tx_queues_max = 1 },
};

static const adk_quirks_t no_quirks = { .driver = "" };

const adk_quirks_t *adk_quirks_of(const char *driver)
{
    for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
    {
        if (0 == strcmp(quirks[i].driver, driver))
        {
            return &quirks[i];
        }
    }
    return &no_quirks;
}
