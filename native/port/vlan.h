/*
 * One VLAN of IEEE 802.1Q on a port: the tag of every frame that leaves, and whether a frame that came has it. By the
 * device where it can, else here. Between device and wire only: above, frames have no tag.
 */
#ifndef ADK_PORT_VLAN_H
#define ADK_PORT_VLAN_H

#include "port/port.h"

/* The tag control information: three bits of priority, one that we leave alone, twelve of the VLAN's id. */
#define ADK_VLAN_ID_MASK (0x0fff)

/* What the device shall do with tags, of what it can; set-up. */
void adk_vlan_choose_offloads(adk_port_t *port, const struct rte_eth_dev_info *info, uint64_t *rx, uint64_t *tx);
/* What the data path does with tags: the port's own one. */
void adk_vlan_set_tag(adk_port_t *port, uint16_t tci);
/* After each start of the device. 0, or a negative errno. */
int adk_vlan_filter(const adk_port_t *port);

/* Whether a received frame had a tag that is not in its bytes any more. */
static inline bool adk_vlan_is_off(const struct rte_mbuf *mbuf)
{
    return 0 != (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED);
}

/* Of a frame whose tag was taken off, or that has none. A tag with id 0 has a priority and no VLAN. */
static inline uint16_t adk_vlan_id_of(const struct rte_mbuf *mbuf)
{
    return adk_vlan_is_off(mbuf) ? mbuf->vlan_tci & ADK_VLAN_ID_MASK : 0;
}

static inline bool adk_vlan_is_ours(const adk_port_t *port, const struct rte_mbuf *mbuf)
{
    return (port->vlan_tci & ADK_VLAN_ID_MASK) == adk_vlan_id_of(mbuf);
}

/*
 * Once the tag is off: a frame of ours looks like one on a port without a VLAN from now on, and any other as if a tag
 * had been taken off, which no port takes for plain.
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

/* False for nearly all: there is no tag, neither in the bytes nor taken off. They are looked at whatever their length. */
static inline bool adk_vlan_may_have_tag(const struct rte_mbuf *mbuf)
{
    return adk_vlan_is_off(mbuf) ||
        rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN) == rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type;
}

/* Of such a frame: takes off what there is, and says whether it is of another VLAN than the port's, or of one at all. */
__rte_noinline bool adk_vlan_is_another(const adk_port_t *port, struct rte_mbuf *mbuf);

/* Of a frame whose bytes begin with a tag: takes it out of them. */
bool adk_vlan_take_out(struct rte_mbuf *mbuf);

/* True when the bytes began with a tag, which is out of them now. Of two tags the outer one. */
static inline bool adk_vlan_take_off(struct rte_mbuf *mbuf)
{
    const size_t length = sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr);

    return rte_pktmbuf_data_len(mbuf) >= length &&
        rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN) == rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *)->ether_type &&
        !adk_vlan_is_off(mbuf) &&
        adk_vlan_take_out(mbuf);
}

/* Received frames of a port with a VLAN: takes tags off and marks the frames. */
void adk_vlan_sort(const adk_port_t *port, struct rte_mbuf **burst, uint16_t count);
/* Back into the bytes, for who wants to see them as they were on the wire. */
void adk_vlan_put_back(struct rte_mbuf *mbuf);

/* Frames of one segment that are about to leave; is_seen: into the bytes, whatever the device can. */
void adk_vlan_put_on(const adk_port_t *port, struct rte_mbuf **frames, uint16_t count, bool is_seen);

#endif
