# /var/lib/aeron-dpdk stays: `aeron-dpdk setup --undo` needs it.
rm -rf /etc/aeron-dpdk
rm -f /etc/systemd/system/multi-user.target.wants/aeronmd_dpdk@*.service
