/* Interfaces that share a port: which of them gets a frame, what each sends, and that one restart serves all. */
#include "shared_port.h"
#include "suite.h"

static void add_at(shared_t *shared, int i, enum adk_role_en role, uint32_t ipv4)
{
    aeron_udp_channel_transport_t *transport = &shared->transports[i];
    const struct sockaddr_storage bind_address = address_of(ipv4, LOCAL_PORT);
    struct sockaddr_storage interface = address_of(OWN[i], 0);

    CHECK_EQUAL(0, media_init_at(shared->media, transport, role, bind_address, adk_is_group(ipv4) ? &interface : NULL));
    CHECK_EQUAL(0, adk_poller_add(&shared->media->pollers[role], transport));
}

static void end_at(shared_t *shared, int i, enum adk_role_en role)
{
    CHECK_EQUAL(0, adk_poller_remove(&shared->media->pollers[role], &shared->transports[i]));
    CHECK_EQUAL(0, adk_transport_close(&shared->transports[i]));
}

static frame_t datagram(uint32_t from, uint32_t to)
{
    frame_t frame = frame_of(64);
    const uint8_t group_mac[6] = { 0x01, 0x00, 0x5e, 0x00, 0x01, 0x05 };

    put32(frame.bytes + AT_SOURCE_IPV4, from);
    put32(frame.bytes + AT_DESTINATION_IPV4, to);
    if (adk_is_group(to))
    {
        memcpy(frame.bytes + AT_DESTINATION_MAC, group_mac, sizeof(group_mac));
    }
    seal(&frame);
    return frame;
}

static void put(const shared_t *shared, const frame_t *frame, uint16_t tag)
{
    const frame_t sent = 0 == tag ? *frame : tagged(frame, tag);
    ring_port_put(&shared->media->port, &sent);
}

/* As delivered by a device that removes tags. */
static void put_stripped(const shared_t *shared, const frame_t *frame, uint16_t tag)
{
    struct rte_mbuf *mbuf = ring_port_mbuf(&shared->media->port, frame->bytes, frame->length);
    mbuf->ol_flags |= ADK_RX_CHECKSUMS_GOOD;
    if (0 != tag)
    {
        mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
        mbuf->vlan_tci = tag;
    }
    ring_port_put_mbuf(&shared->media->port, mbuf);
}

static void poll_receiver(const shared_t *shared)
{
    (void)media_poll(shared->media, ADK_ROLE_RECEIVER);
}

static int64_t counted(const shared_t *shared, int i, enum adk_count_en count)
{
    return (int64_t)adk_count_value(shared->stacks[i], (int)count);
}

static int count_control(adk_stack_t *stack)
{
    adk_control_event_t event;
    int events = 0;
    while (1 == adk_control_receive(stack, &event))
    {
        CHECK_EQUAL(ADK_CONTROL_FRAME, event.kind);
        CHECK_EQUAL(0x0806, get16(event.data + AT_ETHERTYPE));
        events++;
    }
    return events;
}

/* The source address of the next frame that left by the port, and its tag. */
static uint32_t sent_from(const shared_t *shared, uint16_t *tag)
{
    struct rte_mbuf *mbuf = ring_port_take(&shared->media->port, 0);
    CHECK(NULL != mbuf);
    const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    const bool is_tagged = 0x8100 == get16(bytes + AT_ETHERTYPE);
    *tag = is_tagged ? get16(bytes + AT_ETHERTYPE + 2) : 0;
    bytes += is_tagged ? TAG_LENGTH : 0;
    const uint32_t from = (uint32_t)get16(bytes + AT_SOURCE_IPV4) << 16 | get16(bytes + AT_SOURCE_IPV4 + 2);
    rte_pktmbuf_free(mbuf);
    return from;
}

TEST(each_frame_goes_to_the_interface_of_its_vlan_and_address_whoever_takes_the_tag_off)
{
    const uint16_t first_tags[] = { 0, 300 };
    for (int round = 0; round < 4; round++)
    {
        shared_t shared = shared_open_with(first_tags[round % 2], AERON_THREADING_MODE_DEDICATED);
        for (int i = 0; i < INTERFACES; i++)
        {
            add_at(&shared, i, ADK_ROLE_RECEIVER, OWN[i]);
        }
        for (int i = 0; i < 3 * INTERFACES; i++)
        {
            const frame_t frame = datagram(PEERS[i % INTERFACES], OWN[i % INTERFACES]);
            (round < 2 ? put : put_stripped)(&shared, &frame, shared.tags[i % INTERFACES]);
        }
        poll_receiver(&shared);
        CHECK_EQUAL(3 * INTERFACES, shared.media->deliveries->count);
        for (int i = 0; i < 3 * INTERFACES; i++)
        {
            const delivery_t *delivery = &shared.media->deliveries->list[i];
            CHECK(&shared.transports[i % INTERFACES] == delivery->transport);
            CHECK_EQUAL(rte_cpu_to_be_32(PEERS[i % INTERFACES]), delivery->source.sin_addr.s_addr);
            check_payload(delivery, 64);
        }
        for (int i = 0; i < INTERFACES; i++)
        {
            CHECK_EQUAL(3, counted(&shared, i, ADK_COUNT_RX_PACKETS));
            end_at(&shared, i, ADK_ROLE_RECEIVER);
        }
        shared_close(&shared);
    }
}

TEST(an_address_of_ours_in_the_vlan_of_another_is_nobodys_and_counted_there)
{
    shared_t shared = shared_open();
    int drops[INTERFACES] = { 0 };

    for (int i = 0; i < INTERFACES; i++)
    {
        add_at(&shared, i, ADK_ROLE_RECEIVER, OWN[i]);
    }
    for (int own = 0; own < INTERFACES; own++)
    {
        for (int way = 0; way < INTERFACES; way++)
        {
            if (shared.tags[own] != shared.tags[way])
            {
                const frame_t frame = datagram(PEERS[way], OWN[own]);
                put(&shared, &frame, shared.tags[way]);
                put_stripped(&shared, &frame, shared.tags[way]);
                drops[0 == shared.tags[way] ? 0 : way] += 2;
            }
        }
    }
    poll_receiver(&shared);
    CHECK_EQUAL(0, shared.media->deliveries->count);
    for (int i = 0; i < INTERFACES; i++)
    {
        CHECK_EQUAL(drops[i], counted(&shared, i, ADK_COUNT_RX_NOT_OUR_ADDRESS));
        CHECK_EQUAL(drops[i], counted(&shared, i, ADK_COUNT_RX_PACKETS));
        end_at(&shared, i, ADK_ROLE_RECEIVER);
    }
    shared_close(&shared);
}

TEST(a_second_tag_leads_into_no_vlan_and_an_unknown_one_nowhere)
{
    shared_t shared = shared_open();
    const frame_t frame = datagram(PEERS[3], OWN[3]);
    const frame_t inner = tagged(&frame, 200);

    add_at(&shared, 3, ADK_ROLE_RECEIVER, OWN[3]);
    put(&shared, &inner, 100);
    put_stripped(&shared, &inner, 100);
    put(&shared, &inner, 1 << 13); /* a priority without a VLAN */
    put(&shared, &frame, 201);
    put_stripped(&shared, &frame, 201);
    poll_receiver(&shared);
    CHECK_EQUAL(0, shared.media->deliveries->count);
    CHECK_EQUAL(2, counted(&shared, 2, ADK_COUNT_RX_ETHERTYPE));
    CHECK_EQUAL(3, counted(&shared, 0, ADK_COUNT_RX_NOT_OUR_VLAN));
    CHECK_EQUAL(0, counted(&shared, 3, ADK_COUNT_RX_PACKETS));
    end_at(&shared, 3, ADK_ROLE_RECEIVER);
    shared_close(&shared);
}

TEST(arp_for_an_address_reaches_its_interface_and_arp_about_others_all_of_the_vlan)
{
    shared_t shared = shared_open();
    frame_t arp = arp_request();

    for (int i = 0; i < INTERFACES; i++)
    {
        put32(arp.bytes + 38, OWN[i]);
        put(&shared, &arp, shared.tags[i]);
        poll_receiver(&shared);
        for (int other = 0; other < INTERFACES; other++)
        {
            CHECK_EQUAL(i == other, count_control(shared.stacks[other]));
        }
    }
    put32(arp.bytes + 38, PEER_IPV4);
    put(&shared, &arp, 0);
    poll_receiver(&shared);
    for (int i = 0; i < INTERFACES; i++)
    {
        CHECK_EQUAL(i < 2, count_control(shared.stacks[i]));
    }
    put32(arp.bytes + 38, OWN[2]);
    put(&shared, &arp, 200);
    poll_receiver(&shared);
    CHECK_EQUAL(0, count_control(shared.stacks[2]));
    CHECK_EQUAL(1, count_control(shared.stacks[3]));
    for (int i = 0; i < INTERFACES; i++)
    {
        CHECK_EQUAL(0, adk_control_receive(shared.stacks[i], &(adk_control_event_t){ 0 }));
    }
    shared_close(&shared);
}

TEST(what_each_interface_sends_has_its_address_and_its_tag)
{
    shared_t shared = shared_open();

    for (int i = 0; i < INTERFACES; i++)
    {
        uint8_t payload[32] = { 0 };
        struct sockaddr_storage peer = address_of(PEERS[i], PEER_PORT);
        struct iovec iov = { .iov_base = payload, .iov_len = sizeof(payload) };
        int64_t bytes = 0;
        uint16_t tag;

        add_at(&shared, i, ADK_ROLE_SENDER, OWN[i]);
        CHECK_EQUAL(1, adk_transport_send(NULL, &shared.transports[i], &peer, &iov, 1, &bytes));
        CHECK_EQUAL(OWN[i], sent_from(&shared, &tag));
        CHECK_EQUAL(shared.tags[i], tag);
        CHECK_EQUAL(1, counted(&shared, i, ADK_COUNT_TX_PACKETS));
        end_at(&shared, i, ADK_ROLE_SENDER);
    }
    shared_close(&shared);
}

static int count_deliveries(const shared_t *shared, const aeron_udp_channel_transport_t *transport)
{
    int count = 0;
    for (int i = 0; i < shared->media->deliveries->count; i++)
    {
        count += transport == shared->media->deliveries->list[i].transport;
    }
    return count;
}

TEST(what_the_other_thread_polls_is_handed_over_on_each)
{
    static const aeron_threading_mode_t modes[] = { AERON_THREADING_MODE_DEDICATED, AERON_THREADING_MODE_SHARED };
    for (int mode = 0; mode < 2; mode++)
    {
        shared_t shared = shared_open_with(0, modes[mode]);
        (void)media_poll(shared.media, ADK_ROLE_SENDER);
        for (int i = 0; i < INTERFACES; i++)
        {
            const frame_t frame = datagram(PEERS[i], OWN[i]);
            add_at(&shared, i, ADK_ROLE_SENDER, OWN[i]);
            put(&shared, &frame, shared.tags[i]);
        }
        poll_receiver(&shared);
        (void)media_poll(shared.media, ADK_ROLE_SENDER);
        CHECK_EQUAL(INTERFACES, shared.media->deliveries->count);
        for (int i = 0; i < INTERFACES; i++)
        {
            CHECK_EQUAL(1, count_deliveries(&shared, &shared.transports[i]));
            end_at(&shared, i, ADK_ROLE_SENDER);
        }
        shared_close(&shared);
    }
}

TEST(a_group_belongs_to_a_link_so_that_a_further_address_hears_it_and_another_vlan_does_not)
{
    shared_t shared = shared_open();
    const frame_t frame = datagram(PEER_IPV4, GROUP_IPV4);
    uint32_t groups[ADK_GROUPS];

    add_at(&shared, 1, ADK_ROLE_RECEIVER, GROUP_IPV4);
    CHECK_EQUAL(1, adk_groups_heard(shared.stacks[0], groups, ADK_GROUPS));
    CHECK_EQUAL(0, adk_groups_heard(shared.stacks[1], groups, ADK_GROUPS));
    put(&shared, &frame, 0);
    put(&shared, &frame, 100);
    poll_receiver(&shared);
    CHECK_EQUAL(1, shared.media->deliveries->count);
    CHECK_EQUAL(1, counted(&shared, 2, ADK_COUNT_RX_NOT_OUR_GROUP));

    /* All share the device's filter: it stays open while any interface still needs it. */
    add_at(&shared, 2, ADK_ROLE_RECEIVER, GROUP_IPV4);
    end_at(&shared, 1, ADK_ROLE_RECEIVER);
    put(&shared, &frame, 100);
    put(&shared, &frame, 0);
    poll_receiver(&shared);
    CHECK_EQUAL(2, shared.media->deliveries->count);
    CHECK_EQUAL(1, counted(&shared, 0, ADK_COUNT_RX_NOT_OUR_GROUP));
    end_at(&shared, 2, ADK_ROLE_RECEIVER);
    shared_close(&shared);
}

static void poll_both(const shared_t *shared)
{
    (void)media_poll(shared->media, ADK_ROLE_SENDER);
    poll_receiver(shared);
}

TEST(a_restart_waits_for_all_interfaces_of_the_port_and_none_of_them_sends_meanwhile)
{
    shared_t shared = shared_open();
    const frame_t arp = arp_request();
    const frame_t frame = datagram(PEERS[3], OWN[3]);

    add_at(&shared, 3, ADK_ROLE_RECEIVER, OWN[3]);
    poll_both(&shared);
    adk_stack_request_reset(shared.stacks[2]);
    CHECK(adk_stack_reset_requested(shared.stacks[0]));
    for (int i = 1; i < INTERFACES; i++)
    {
        CHECK(!adk_stack_reset_requested(shared.stacks[i]));
    }
    CHECK_EQUAL(1, adk_stack_reset_step(shared.stacks[0]));
    put(&shared, &frame, 200);
    poll_receiver(&shared);
    CHECK_EQUAL(1, adk_stack_reset_step(shared.stacks[0]));
    for (int i = 0; i < INTERFACES; i++)
    {
        CHECK_EQUAL(0, adk_control_transmit(shared.stacks[i], arp.bytes, (uint16_t)arp.length));
    }
    (void)media_poll(shared.media, ADK_ROLE_SENDER);
    CHECK_EQUAL(0, shared.media->deliveries->count);
    CHECK_EQUAL(0, adk_stack_reset_step(shared.stacks[0]));
    for (int i = 0; i < INTERFACES; i++)
    {
        CHECK_EQUAL(1, adk_control_transmit(shared.stacks[i], arp.bytes, (uint16_t)arp.length));
        rte_pktmbuf_free(ring_port_take(&shared.media->port, 2));
    }
    poll_receiver(&shared);
    CHECK_EQUAL(1, shared.media->deliveries->count);
    end_at(&shared, 3, ADK_ROLE_RECEIVER);
    shared_close(&shared);
}

TEST(ipv6_and_a_longer_mtu_than_the_first_ones_are_refused_to_those_that_follow)
{
    adk_settings_t settings = ring_settings();
    ring_port_t port = { 0 };

    settings.port_id = ring_device(&port, RING_PORT_QUEUES_MAX, 1024);
    settings.sharers = 1;
    ring_port_open(&port, &settings);
    settings.local_ipv4 = OWN[1];
    settings.ipv6 = 1;
    CHECK(NULL == adk_stack_open(&settings, port.stack));
    settings.ipv6 = 0;
    settings.mtu = (uint16_t)(port.stack->port.mtu + 1);
    CHECK(NULL == adk_stack_open(&settings, port.stack));
    settings.mtu = 1400;
    adk_stack_t *further = adk_stack_open(&settings, port.stack);
    CHECK(NULL != further);
    CHECK_EQUAL(1400, further->port.mtu);
    adk_stack_close(further);
    ring_port_close(&port);
}
