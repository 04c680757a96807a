# /var/lib/aeron-dpdk is setup's: without it nothing could be given back.
rm -rf /etc/aeron-dpdk
rm -f /etc/systemd/system/multi-user.target.wants/aeronmd_dpdk@*.service
