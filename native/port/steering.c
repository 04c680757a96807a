#include "port/steering.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_flow.h>

#define UDP_PORTS (65536)

/* PMDs differ in what they require in addition to the UDP port; the first form that a device accepts is kept. */
enum steering_form_en
{
    FORM_PORT_AND_ADDRESS, /* ixgbe's ntuple filter needs the protocol (ixgbe_flow.c cons_parse_ntuple_filter) */
    FORM_PORT,             /* i40e's flow director needs an input set without it */
    FORM_COUNT
};

struct adk_steering_stct
{
    enum steering_form_en form;
    uint32_t local_ipv4;
    pthread_mutex_t lock; /* set-up only: conductor against control thread, which holds it through a restart */
    bool is_wanted[UDP_PORTS];
    struct rte_flow *flows[UDP_PORTS];
};

typedef struct rule_stct
{
    struct rte_flow_attr attributes;
    struct rte_flow_item_ipv4 ipv4;
    struct rte_flow_item_ipv4 ipv4_mask;
    struct rte_flow_item_udp udp;
    struct rte_flow_item_udp udp_mask;
    struct rte_flow_action_queue queue;
    struct rte_flow_item pattern[4];
    struct rte_flow_action actions[2];
} rule_t;

static void rule_init(rule_t *rule, const adk_steering_t *steering, uint16_t udp_port)
{
    *rule = (rule_t){
        .attributes = { .ingress = 1 },
        .ipv4.hdr = { .dst_addr = htonl(steering->local_ipv4), .next_proto_id = IPPROTO_UDP },
        .ipv4_mask.hdr = { .dst_addr = UINT32_MAX, .next_proto_id = UINT8_MAX },
        .udp.hdr.dst_port = htons(udp_port),
        .udp_mask.hdr.dst_port = UINT16_MAX,
        .queue.index = ADK_SENDER_RX_QUEUE,
    };
    rule->pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
    rule->pattern[1].type = RTE_FLOW_ITEM_TYPE_IPV4;
    if (FORM_PORT_AND_ADDRESS == steering->form)
    {
        rule->pattern[1].spec = &rule->ipv4;
        rule->pattern[1].mask = &rule->ipv4_mask;
    }
    rule->pattern[2] =
        (struct rte_flow_item){ .type = RTE_FLOW_ITEM_TYPE_UDP, .spec = &rule->udp, .mask = &rule->udp_mask };
    rule->pattern[3].type = RTE_FLOW_ITEM_TYPE_END;
    rule->actions[0] = (struct rte_flow_action){ .type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &rule->queue };
    rule->actions[1].type = RTE_FLOW_ACTION_TYPE_END;
}

bool adk_port_steering_open(adk_port_t *port, uint32_t local_ipv4)
{
    adk_steering_t *steering = calloc(1, sizeof(*steering));
    if (NULL == steering)
    {
        return false;
    }

    steering->local_ipv4 = local_ipv4;
    for (int form = 0; form < FORM_COUNT; form++)
    {
        rule_t rule;
        struct rte_flow_error error;
        steering->form = (enum steering_form_en)form;
        rule_init(&rule, steering, 1);
        if (0 == rte_flow_validate(port->id, &rule.attributes, rule.pattern, rule.actions, &error))
        {
            (void)pthread_mutex_init(&steering->lock, NULL);
            port->steering = steering;
            return true;
        }
    }
    free(steering);
    return false;
}

void adk_port_steering_close(adk_port_t *port)
{
    if (NULL != port->steering)
    {
        (void)pthread_mutex_destroy(&port->steering->lock);
        free(port->steering);
        port->steering = NULL;
    }
}

static void create_flow(adk_port_t *port, uint16_t udp_port)
{
    rule_t rule;
    struct rte_flow_error error;
    rule_init(&rule, port->steering, udp_port);
    port->steering->flows[udp_port] = rte_flow_create(port->id, &rule.attributes, rule.pattern, rule.actions, &error);
}

void adk_port_steer(adk_port_t *port, uint16_t udp_port)
{
    if (NULL != port->steering)
    {
        (void)pthread_mutex_lock(&port->steering->lock);
        port->steering->is_wanted[udp_port] = true;
        create_flow(port, udp_port);
        (void)pthread_mutex_unlock(&port->steering->lock);
    }
}

void adk_port_unsteer(adk_port_t *port, uint16_t udp_port)
{
    if (NULL != port->steering)
    {
        struct rte_flow_error error;
        (void)pthread_mutex_lock(&port->steering->lock);
        port->steering->is_wanted[udp_port] = false;
        if (NULL != port->steering->flows[udp_port])
        {
            (void)rte_flow_destroy(port->id, port->steering->flows[udp_port], &error);
            port->steering->flows[udp_port] = NULL;
        }
        (void)pthread_mutex_unlock(&port->steering->lock);
    }
}

void adk_port_steering_suspend(adk_port_t *port)
{
    if (NULL != port->steering)
    {
        struct rte_flow_error error;
        (void)pthread_mutex_lock(&port->steering->lock);
        (void)rte_flow_flush(port->id, &error);
        memset(port->steering->flows, 0, sizeof(port->steering->flows));
    }
}

void adk_port_steering_resume(adk_port_t *port, bool is_running)
{
    if (NULL == port->steering)
    {
        return;
    }

    for (int udp_port = 0; is_running && udp_port < UDP_PORTS; udp_port++)
    {
        if (port->steering->is_wanted[udp_port])
        {
            create_flow(port, (uint16_t)udp_port);
        }
    }
    (void)pthread_mutex_unlock(&port->steering->lock);
}
