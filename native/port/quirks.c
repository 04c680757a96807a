#include "port/quirks.h"

#include <stddef.h>
#include <string.h>

/*
 * ENA: ena_close() releases the rings of all queues, even of those that rte_eth_rx_queue_setup() never made. Without
 * intr_conf.lsc ena_configure_aenq() turns link events off, and nothing else reports the link.
 * It claims TX UDP checksums when the device has them for either family; eth_ena_prep_pkts() then refuses frames of the
 * other.
 * On a fault the burst functions set a flag to ask for a reset; the watchdog takes that flag for its own, as if it had
 * already sent its event, and checks nothing more (drivers/net/ena/ena_ethdev.c, ena_timer_wd_callback(), 22.11 to
 * 26.11).
 */
static const char *const ena_faults[] = { "bad_req_id", "bad_desc_num", "prepare_ctx_err", NULL };
/* QPRDC, for queues that may drop: drivers/net/ixgbe/ixgbe_ethdev.c adds it to q_errors but not to imissed. */
static const char *const ixgbe_missed[] = { "errors", NULL };

static const adk_quirks_t quirks[] = {
    /* ENA: guide, "Tx checksum offload" via tx_prepare. Not run on hardware. */
    { .driver = "net_ena",
      .needs_tx_prepare = true,
      .lacks_udp_checksum6 = true,
      .needs_link_events = true,
      .closes_missing_queues = true,
      .fault_xstats = ena_faults },
    /* Intel's PMDs need the pseudo-header checksum, which tx_prepare writes; so do we. Not run on hardware. */
    { .driver = "net_ixgbe", .needs_tx_prepare = true, .missed_xstats = ixgbe_missed },
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
    /*
     * drivers/net/memif: each TX queue needs an RX queue at the other end, and we poll only one. Only memif_dev_start()
     * calls memif_connect_client().
     */
    { .driver = "net_memif", .tx_queues_max = 1, .connects_when_started = true, .hears_all_multicast = true },
    /* drivers/net/tap: unless there are as many TX queues as RX queues, tap_dev_configure() fails. */
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
