#include "port/quirks.h"

#include "suite.h"

TEST(a_driver_without_a_row_needs_nothing)
{
    const adk_quirks_t *quirks = adk_quirks_of("net_of_tomorrow");
    CHECK(!quirks->needs_tx_prepare);
    CHECK_EQUAL(0, quirks->tx_queues_max);
    CHECK_EQUAL(0, quirks->tx_queue_size_min);
    CHECK_EQUAL(0, quirks->rx_mempool_size_min);
}

TEST(names_are_compared_whole)
{
    CHECK(!adk_quirks_of("net_en")->needs_link_events);
    CHECK(!adk_quirks_of("net_ena2")->needs_link_events);
    CHECK(!adk_quirks_of("")->needs_link_events);
}

TEST(ena_wants_its_link_events_and_its_checksums_prepared)
{
    CHECK(adk_quirks_of("net_ena")->needs_tx_prepare);
    CHECK(adk_quirks_of("net_ena")->needs_link_events);
    CHECK(adk_quirks_of("net_ena")->closes_missing_queues);
}

TEST(vmxnet3_gets_the_tx_ring_it_insists_on)
{
    CHECK_EQUAL(512, adk_quirks_of("net_vmxnet3")->tx_queue_size_min);
}

TEST(memif_and_tap_get_one_tx_queue)
{
    CHECK_EQUAL(1, adk_quirks_of("net_memif")->tx_queues_max);
    CHECK_EQUAL(1, adk_quirks_of("net_tap")->tx_queues_max);
}
