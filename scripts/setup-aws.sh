#!/bin/sh
# Gives the secondary network interface of this EC2 instance to DPDK: huge pages, driver, binding, address.
# Options: --dry-run, --yes, --nic NIC, --driver DRIVER, --huge-memory SIZE; see `aeron-dpdk aws setup --help`.
set -eu
# In the bundle, the program is in the folder above this script's.
beside=$(dirname "$(readlink -f "$0")")/../aeron-dpdk
program=$(command -v "$beside" || command -v aeron-dpdk) || {
    echo "error: aeron-dpdk is not on PATH: install its wheel, or activate its virtual environment." >&2
    exit 13
}
if [ "$(id -u)" -ne 0 ]; then
    set -- sudo "$program" aws setup "$@"
else
    set -- "$program" aws setup "$@"
fi
exec "$@"
