/* A driver whose interfaces share a port: 10.0.0.5 and 10.0.0.6, and 10.1.0.5 and 10.2.0.5 in VLANs 100 and 200. */
#ifndef ADK_TESTS_SHARED_PORT_H
#define ADK_TESTS_SHARED_PORT_H

#include "media.h"
#include "stack/interfaces.h"

#define INTERFACES (4)
#define GROUP_IPV4 (0xe0000105u)

static const uint32_t OWN[INTERFACES] = { LOCAL_IPV4, LOCAL_IPV4 + 1, 0x0a010005u, 0x0a020005u };
static const uint32_t PEERS[INTERFACES] = { PEER_IPV4, PEER_IPV4, 0x0a010009u, 0x0a020009u };

typedef struct shared_stct
{
    test_media_t *media;
    adk_stack_t *stacks[INTERFACES];
    uint16_t tags[INTERFACES];
    aeron_udp_channel_transport_t transports[INTERFACES];
} shared_t;

/* first_tag: of the first interface and of its further address. */
static inline shared_t shared_open_with(uint16_t first_tag, aeron_threading_mode_t mode)
{
    shared_t shared = { .tags = { first_tag, first_tag, 3 << 13 | 100, 200 } };
    adk_settings_t settings = ring_settings();
    ring_port_t port = { 0 };

    settings.threads_shared = AERON_THREADING_MODE_DEDICATED != mode;
    settings.port_id = ring_device(&port, RING_PORT_QUEUES_MAX, 1024);
    settings.vlan_tci = first_tag;
    settings.sharers = INTERFACES - 1;
    memcpy(settings.sharers_vlan_tci, shared.tags + 1, sizeof(shared.tags) - sizeof(shared.tags[0]));
    ring_port_open(&port, &settings);
    shared.stacks[0] = port.stack;
    settings.sharers = 0;
    settings.gateway_ipv4 = 0;
    for (int i = 1; i < INTERFACES; i++)
    {
        settings.local_ipv4 = OWN[i];
        settings.vlan_tci = shared.tags[i];
        shared.stacks[i] = adk_stack_open(&settings, port.stack);
        CHECK(NULL != shared.stacks[i]);
    }
    shared.media = media_open_on(port, mode);
    for (int i = 0; i < INTERFACES; i++)
    {
        CHECK_EQUAL(0, adk_neighbour_set(shared.stacks[i], PEERS[i], PEER_MAC));
    }
    return shared;
}

static inline shared_t shared_open(void)
{
    return shared_open_with(0, AERON_THREADING_MODE_DEDICATED);
}

static inline void shared_close(shared_t *shared)
{
    check_no_mbuf_is_missing(&shared->media->port);
    media_close_pollers(shared->media);
    for (int i = INTERFACES - 1; i > 0; i--)
    {
        adk_stack_close(shared->stacks[i]);
    }
    CHECK(NULL == shared->stacks[0]->port.next_guest);
    media_close(shared->media);
}

#endif
