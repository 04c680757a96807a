/*
 * One VLAN of IEEE 802.1Q on a port: adds the tag to every frame that leaves, and checks received frames for it. The
 * device does this if it can, else the code here. Only between device and wire: the layers above see frames without a
 * tag.
 */
#ifndef ADK_PORT_VLAN_H
#define ADK_PORT_VLAN_H

#include "port/port.h"

/* The tag control information: three bits of priority, one unused here, twelve for the VLAN id. */
#define ADK_VLAN_ID_MASK (0x0fff)

/* Set-up: selects what the device shall do with tags, among what it can do. */
void adk_vlan_choose_offloads(adk_port_t *port, const struct rte_eth_dev_info *info, uint64_t *rx, uint64_t *tx);
/* What the data path does with tags: sets the port's own tag. */
void adk_vlan_set_tag(adk_port_t *port, uint16_t tci);
/* To be called after each start of the device. 0, or a negative errno. */
int adk_vlan_filter(const adk_port_t *port);

/* Whether a received frame's tag has been removed from its bytes. */
static inline bool adk_vlan_is_off(const struct rte_mbuf *mbuf)
{
    return 0 != (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED);
}

/* The VLAN id of a frame whose tag was removed, or that has none. A tag with id 0 has a priority but no VLAN. */
static inline uint16_t adk_vlan_id_of(const struct rte_mbuf *mbuf)
{
    return adk_vlan_is_off(mbuf) ? mbuf->vlan_tci & ADK_VLAN_ID_MASK : 0;
}

static inline bool adk_vlan_is_ours(const adk_port_t *port, const struct rte_mbuf *mbuf)
{
    return (port->vlan_tci & ADK_VLAN_ID_MASK) == adk_vlan_id_of(mbuf);
}

/*
 * Called once the tag is off: a frame of our VLAN now looks like one on a port without a VLAN; any other is marked as
 * having had a tag removed, which no port treats as plain.
 */
static inline void adk_vlan_mark(const adk_port_t *port, struct rte_mbuf *mbuf)
{
    if (adk_vlan_is_ours(port, mbuf))
    {
        mbuf->ol_flags &= ~RTE_MBUF_F_RX_VLAN_STRIPPED;
    }
    else if (!adk_vlan_is_off(mbuf))
    {
        mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN_STRIPPED;
        mbuf->vlan_tci = 0;
    }
}

/*
 * False for nearly all frames: no tag, neither in the bytes nor removed from them. Reads the bytes whatever their
 * length.
 */
static inline bool adk_vlan_may_have_tag(const struct rte_mbuf *mbuf)
{
    return adk_vlan_is_off(mbuf) ||
        rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN) == rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type;
}

/*
 * For such a frame: removes the tag, if any, and says whether the frame is outside the port's VLAN, or, on a port
 * without one, in any VLAN.
 */
__rte_noinline bool adk_vlan_is_another(const adk_port_t *port, struct rte_mbuf *mbuf);

/* Removes the tag from a frame whose bytes begin with one. */
bool adk_vlan_take_out(struct rte_mbuf *mbuf);

/* True when the bytes began with a tag, which has now been removed. Of two tags, removes the outer one. */
static inline bool adk_vlan_take_off(struct rte_mbuf *mbuf)
{
    const size_t length = sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr);

    return rte_pktmbuf_data_len(mbuf) >= length &&
        rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN) == rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type &&
        !adk_vlan_is_off(mbuf) &&
        adk_vlan_take_out(mbuf);
}

/* Received frames of a port with a VLAN: removes tags and marks the frames. */
void adk_vlan_sort(const adk_port_t *port, struct rte_mbuf **burst, uint16_t count);
/* Puts the tag back into the bytes, to show a frame as it was on the wire. */
void adk_vlan_put_back(struct rte_mbuf *mbuf);

/*
 * Frames of one segment that are about to leave; is_seen: put the tag into the bytes even if the device could add it.
 */
void adk_vlan_put_on(const adk_port_t *port, struct rte_mbuf **frames, uint16_t count, bool is_seen);

#endif
