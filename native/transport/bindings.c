#include "transport/media.h"

/* These layouts belong to one version of Aeron; a build against another version must fail. */
static_assert(120 == sizeof(aeron_udp_channel_transport_bindings_t), "twelve functions and meta_info");
static_assert(88 == sizeof(aeron_udp_channel_transport_t), "aeron_udp_channel_transport.h");
static_assert(40 == sizeof(aeron_udp_transport_poller_t), "aeron_udp_transport_poller.h");

aeron_udp_channel_transport_bindings_t adk_transport_bindings =
{
    .init_func = adk_transport_init,
    .reconnect_func = adk_transport_reconnect,
    .close_func = adk_transport_close,
    .recvmmsg_func = adk_transport_recvmmsg,
    .send_func = adk_transport_send,
    .get_so_rcvbuf_func = adk_transport_get_so_rcvbuf,
    .bind_addr_and_port_func = adk_transport_bind_addr_and_port,
    .poller_init_func = adk_poller_init,
    .poller_close_func = adk_poller_close,
    .poller_add_func = adk_poller_add,
    .poller_remove_func = adk_poller_remove,
    .poller_poll_func = adk_poller_poll,
    .meta_info =
    {
        .name = ADK_BINDINGS_NAME,
        .type = "media",
        .source_symbol = &adk_transport_bindings,
    },
};

adk_media_t *adk_media_of(aeron_driver_context_t *context)
{
    aeron_driver_context_bindings_clientd_entry_t *entry =
        aeron_driver_context_bindings_clientd_get_or_find_first_free_entry(context, ADK_BINDINGS_NAME);
    return NULL == entry ? NULL : (adk_media_t *)entry->clientd;
}
