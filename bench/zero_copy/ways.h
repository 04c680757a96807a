/* Three ways to make frames from payloads in a term buffer. */
#ifndef ZERO_COPY_WAYS_H
#define ZERO_COPY_WAYS_H

#include <sys/uio.h>

#include <rte_mbuf.h>

#include "stack/destination.h"

#define JUMBO_ROOM (9216)

typedef struct ways_stct
{
    adk_port_t port;                  /* a port that computes checksums */
    adk_destination_t destination;
    struct rte_mempool *frames;       /* with room for a frame of the usual MTU */
    struct rte_mempool *jumbo_frames;
    struct rte_mempool *segments;     /* with room for a header; half of them get an external buffer attached */
    struct rte_mempool *pinned;       /* without room of their own */
    struct rte_mbuf_ext_shared_info shared __rte_cache_aligned;
} ways_t;

typedef void (*build_func_t)(ways_t *ways, struct rte_mbuf **frames, const struct iovec *payloads, uint16_t count);

typedef struct way_stct
{
    const char *name;
    build_func_t build;
} way_t;

#define WAYS (3)
extern const way_t all_ways[WAYS];

void ways_open(ways_t *ways);

#endif
