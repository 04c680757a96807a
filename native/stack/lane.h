/*
 * What one thread of the data path has to itself: counts, TX queue, backlog, rings that lead to it. No field of a lane
 * is written by two threads, except for the rings and the mark that causes a remembered source to be checked again.
 */
#ifndef ADK_STACK_LANE_H
#define ADK_STACK_LANE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <rte_ring.h>

#include "stack/endpoints.h"
#include "wire/words.h"

/* The MAC that an on-link source's last frame came from. */
typedef struct adk_source_stct
{
    uint8_t mac[RTE_ETHER_ADDR_LEN];
    rte_be16_t ether_type;            /* as after the MAC in a frame: eight bytes compare at once */
    uint64_t ipv4_be;                 /* read non-atomically for each frame: an atomic load costs two instructions */
} adk_source_t;

static_assert(16 == sizeof(adk_source_t), "a shift finds a source");

/* Set in ipv4_be by the control plane (stack/witness.c): matches no source. */
#define ADK_SOURCE_DOUBTED (UINT64_C(1) << 63)

typedef struct adk_lane_stct
{
    enum adk_role_en role;
    bool is_online;                   /* reports quiescent states */
    bool owns_tx_queue;               /* otherwise its frames go through forward_out */
    bool has_side_work;               /* each poll has more to look at: forward_in, the kernel's sockets */
    uint16_t tx_queue;
    uint16_t backlog_length;          /* frames accepted from Aeron that the full TX ring has not taken yet */
    struct rte_mempool *tx_mempool;
    struct rte_ring *forward_out;     /* to the lane that owns the TX queue */
    struct rte_ring *forward_in[2];   /* from the lanes without a TX queue */
    struct rte_ring *inbox[2];        /* parsed frames for this thread, one ring per producing thread */
    struct rte_ring *control_out;     /* to the control plane: frames from unknown senders */
    uint32_t drop_reason;             /* of the current frame, for a capture; see stack/capture.h */
    bool has_burst_time;
    struct timespec burst_time;       /* when the first frame of the burst that wanted a time was delivered */
    struct rte_mbuf *backlog[ADK_BACKLOG_LENGTH];
    struct sockaddr_storage source_address; /* port and address are filled in for each delivery; the rest is constant */
    adk_source_t sources[ADK_SOURCES];
    uint64_t counts[ADK_COUNT_SIZE];
    uint64_t looks; /* polls that found the port empty: nothing was left unseen */
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))) adk_lane_t;

static inline void adk_count(adk_lane_t *lane, enum adk_count_en count, uint64_t n)
{
    lane->counts[count] += n;
}

/* True when a poll has more to do than take received frames. */
static inline bool adk_lane_is_behind(const adk_lane_t *lane)
{
    return __builtin_expect(0 != lane->backlog_length || lane->has_side_work, 0);
}

/* Counts one received frame as dropped. */
static inline void adk_drop(adk_lane_t *lane, enum adk_count_en reason)
{
    adk_count(lane, reason, 1);
    lane->drop_reason = reason;
}

/* Indexed by the last octet, in which neighbours differ; on a big-endian machine, by the first. */
static inline adk_source_t *adk_lane_source(adk_lane_t *lane, rte_be32_t ipv4_be)
{
    return RTE_PTR_ADD(lane->sources, (ipv4_be >> 24) * sizeof(adk_source_t));
}

/* A frame from this source and its MAC was accepted before. */
static inline bool adk_lane_knows_source(adk_lane_t *lane, rte_be32_t ipv4_be, const struct rte_ether_hdr *ethernet)
{
    const adk_source_t *source = adk_lane_source(lane, ipv4_be);
    return 0 == ((source->ipv4_be ^ (uint64_t)ipv4_be) | (adk_word_64(source->mac) ^ adk_word_64(&ethernet->src_addr)));
}

/* Called for accepted datagrams only. */
static inline void adk_lane_note_source(adk_lane_t *lane, rte_be32_t ipv4_be, const struct rte_ether_hdr *ethernet)
{
    adk_source_t *source = adk_lane_source(lane, ipv4_be);
    __atomic_store_n(&source->ipv4_be, ipv4_be, __ATOMIC_RELAXED);
    memcpy(source->mac, &ethernet->src_addr, sizeof(uint64_t));
}

#endif
