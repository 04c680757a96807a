/* A frame confirms a MAC just when the control plane begins to doubt it; native/stack/witness.c itself runs. */
#include "model.h"

#include "port/error.c"
#include "stack/witness.h"

#undef ADK_SOURCES
#define ADK_SOURCES (1) /* the model needs no 256 */

#include "stack/witness.c"

#define NEIGHBOUR RTE_IPV4(10, 91, 2, 0) /* the last octet selects the slot of the source, and the model has one slot */

static adk_stack_t stack;
static adk_lane_t lanes[ADK_ROLE_COUNT];
static adk_neighbour_t neighbour;
static struct rte_ether_hdr ethernet = { .src_addr = { { 2, 0, 0, 0, 0, 1 } } };
static const uint32_t source_ipv4 = NEIGHBOUR;

/* Stands for the rest of the stack: one neighbour, on the link, and a port that loses no frame. */
int32_t rte_hash_lookup(const struct rte_hash *table, const void *key)
{
    (void)table;
    return 0 == memcmp(key, &source_ipv4, sizeof(source_ipv4)) ? 0 : -1;
}

enum adk_route_en adk_stack_route(const adk_stack_t *from, uint32_t ipv4, uint32_t *next_hop)
{
    (void)from;
    *next_hop = ipv4;
    return ADK_ROUTE_ON_LINK;
}

uint64_t adk_port_missed(const adk_port_t *port)
{
    (void)port;
    return 0;
}

void adk_wakeup_give(adk_wakeup_t *wakeup)
{
    (void)wakeup;
}

static void begin(void)
{
    memset(lanes, 0, sizeof(lanes));
    memset(&neighbour, 0, sizeof(neighbour));
    uint64_t word = UINT64_C(1) << 48;
    memcpy(&word, &ethernet.src_addr, RTE_ETHER_ADDR_LEN);
    atomic_init(&neighbour.word, word);
    stack.neighbours.entries = &neighbour;
    stack.lanes = lanes;
}

/* As native/transport/deliver.h does it; the plain load of adk_lane_knows_source() is outside the model. */
static void hear(adk_lane_t *lane)
{
    const rte_be32_t ipv4_be = rte_cpu_to_be_32(source_ipv4);
    if (ipv4_be != __atomic_load_n(&adk_lane_source(lane, ipv4_be)->ipv4_be, __ATOMIC_RELAXED))
    {
        adk_lane_note_source(lane, ipv4_be, &ethernet);
        adk_witness_datagram(&stack, source_ipv4, &ethernet);
    }
}

static void receiver(void)
{
    hear(&lanes[ADK_ROLE_RECEIVER]);
    hear(&lanes[ADK_ROLE_RECEIVER]);
    hear(&lanes[ADK_ROLE_RECEIVER]);
}

static void control(void)
{
    adk_witness_watch(&stack, source_ipv4);
    adk_witness_watch(&stack, source_ipv4);
}

/* Either it was heard after the last doubt began, or its next frame will be. */
static void check(void)
{
    const uint64_t source = model_newest(&lanes[ADK_ROLE_RECEIVER].sources[0].ipv4_be, sizeof(uint64_t));
    model_require(
        0 != model_newest(&neighbour.was_heard, sizeof(neighbour.was_heard)) || source != rte_cpu_to_be_32(source_ipv4),
        "a neighbour that lives is not heard");
}

int main(void)
{
    void (*const both[])(void) = { receiver, control };

    model_explore("a_neighbour_that_sends_on_is_heard_after_every_doubt", 4, begin, check, 2, both);
    return EXIT_SUCCESS;
}
