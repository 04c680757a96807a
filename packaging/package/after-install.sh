systemd-sysusers aeron-dpdk.conf
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl restart systemd-sysctl.service || true
fi
