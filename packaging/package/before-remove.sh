# Not on upgrade: clients would lose their driver.
if [ -d /run/systemd/system ]; then
    systemctl stop 'aeronmd_dpdk@*.service'
fi
if [ -e /var/lib/aeron-dpdk/journal.json ]; then
    echo "aeron-dpdk: what 'aeron-dpdk setup' changed stays; to undo it, install again and run" \
        "'aeron-dpdk setup --undo'." >&2
fi
