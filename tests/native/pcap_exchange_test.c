/*
 * Not a suite: tests/unit/native/test_frames_against_scapy.py runs this. The real stack between two captures (net_pcap
 * PMD): it is polled until IN is used up, sends LENGTHS to a peer on the link and to one behind the gateway, and
 * reports on stdout what became of every frame.
 *
 *     pcap_exchange_test IN OUT LENGTHS...
 */
#include "media.h"
#include "sending.h"

#define FAR_IPV4 (0xcb007107u)
#define IDLE_POLLS (4)

static const uint8_t GATEWAY_MAC[6] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x01 };

static uint16_t pcap_device(const char *in, const char *out)
{
    char arguments[1024];
    uint16_t port_id;

    eal_start();
    (void)snprintf(arguments, sizeof(arguments), "rx_pcap=%s,tx_pcap=%s", in, out);
    CHECK_EQUAL(0, rte_eal_hotplug_add("vdev", "net_pcap0", arguments));
    CHECK_EQUAL(0, rte_eth_dev_get_port_by_name("net_pcap0", &port_id));
    return port_id;
}

static void print_hex(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
    {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

static void print_deliveries(const deliveries_t *deliveries)
{
    for (int i = 0; i < deliveries->count; i++)
    {
        const delivery_t *delivery = &deliveries->list[i];
        const uint8_t *ipv4 = (const uint8_t *)&delivery->source.sin_addr.s_addr;
        printf("delivered %u.%u.%u.%u %u ", ipv4[0], ipv4[1], ipv4[2], ipv4[3], ntohs(delivery->source.sin_port));
        print_hex(delivery->bytes, delivery->length);
    }
}

static void receive(test_media_t *test)
{
    adk_control_event_t event;

    for (int idle = 0; idle < IDLE_POLLS; idle++)
    {
        while (media_poll(test, ADK_ROLE_RECEIVER) > 0)
        {
        }
    }
    print_deliveries(test->deliveries);
    while (1 == adk_control_receive(test->port.stack, &event))
    {
        printf("control ");
        print_hex(event.data, event.length);
    }
    for (int i = 0; i < ADK_COUNT_SIZE; i++)
    {
        printf("count %s %llu\n", adk_count_name(i), (unsigned long long)adk_count_value(test->port.stack, i));
    }
}

static void send_length(test_media_t *test, aeron_udp_channel_transport_t *transport, uint16_t length)
{
    static const uint32_t peers[] = { PEER_IPV4, FAR_IPV4 };
    batch_t batch;
    batch_fill(&batch, 1, length, length);
    for (int i = 0; i < 2; i++)
    {
        struct sockaddr_storage peer = address_of(peers[i], PEER_PORT);
        int64_t bytes = 0;
        CHECK_EQUAL(1, adk_transport_send(NULL, transport, &peer, batch.payloads, 1, &bytes));
        /*
         * The capture has one TX queue, which belongs to the sender: the receiver's frames leave with the sender's next
         * poll.
         */
        CHECK_EQUAL(0, media_poll(test, ADK_ROLE_SENDER));
    }
}

int main(int argc, char **argv)
{
    ring_port_t port = { 0 };
    adk_settings_t settings = ring_settings();
    aeron_udp_channel_transport_t transport = { 0 };

    CHECK(argc >= 3);
    settings.port_id = pcap_device(argv[1], argv[2]);
    ring_port_open(&port, &settings);
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, PEER_IPV4, PEER_MAC));
    CHECK_EQUAL(0, adk_neighbour_set(port.stack, GATEWAY_IPV4, GATEWAY_MAC));

    test_media_t *test = media_open_on(port, AERON_THREADING_MODE_DEDICATED);
    media_add(test, &transport, ADK_ROLE_RECEIVER, LOCAL_PORT);
    receive(test);
    for (int i = 3; i < argc; i++)
    {
        send_length(test, &transport, (uint16_t)atoi(argv[i]));
    }
    check_no_mbuf_is_missing(&test->port);
    CHECK_EQUAL(0, adk_transport_close(&transport));
    media_close(test);
    return EXIT_SUCCESS;
}
