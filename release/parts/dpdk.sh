# DPDK as Debian 13 built it, as static libraries: the extension module holds the poll-mode drivers, and nothing looks
# for plug-ins. glibc.c stands in for the few names that Debian 11's C library lacks.
set -euxo pipefail
prefix=/opt/aeron-dpdk/dpdk
rm -rf $prefix /src/dpdk && mkdir -p /src/dpdk $prefix/pkgconfig && cd /src/dpdk
apt-get download libdpdk-dev/trixie
for package in *.deb; do
    dpkg -x "$package" $prefix
    dpkg-deb -f "$package" Package Version | sed 's/.*: //' | paste -sd ' ' >> $prefix/versions
done
version=$(sed -n 's/^libdpdk-dev //p' $prefix/versions)
library=$prefix/usr/lib/x86_64-linux-gnu
gcc -std=c11 -D_GNU_SOURCE -O2 -fPIC -fvisibility=hidden -c -o $library/glibc.o /checkout/release/parts/glibc.c

# Whole: what registers itself when it is loaded, and what our code calls. The other libraries give what these ask for.
whole=''
for name in log argparse kvargs telemetry eal ring rcu mempool mbuf net meter ethdev pci cmdline hash timer bpf stack ip_frag \
    bus_auxiliary bus_pci bus_vdev bus_vmbus common_iavf common_mlx5 mempool_ring mempool_stack \
    net_{ena,ixgbe,i40e,ice,iavf,e1000,igc,mlx5,mana,gve,bnxt,vmxnet3,virtio} \
    net_{af_packet,tap,memif,null,ring,pcap}; do
    whole+=" -l:librte_$name.a"
done
others=''
for file in $library/librte_*.a; do
    others+=" -l:$(basename $file)"
done
cat > $prefix/pkgconfig/libdpdk.pc <<EOF
Name: DPDK
Description: DPDK's static libraries
Version: ${version%%-*}
Cflags: -I$prefix/usr/include/x86_64-linux-gnu/dpdk -I$prefix/usr/include/dpdk -include rte_config.h -march=corei7 -mrtm
Libs: -L$library -L/opt/aeron-dpdk/libraries/lib -Wl,--whole-archive$whole -Wl,--no-whole-archive -Wl,--start-group $others -Wl,--end-group $library/glibc.o -lmlx5 -lmana -libverbs -lpcap -lelf -lz -lnuma -pthread -lm -ldl
EOF
cp $prefix/usr/share/doc/libdpdk-dev/copyright $prefix/dpdk.licence
# Nothing may be missing: better here than when a driver is first called.
gcc -shared -o /src/dpdk/all.so $(PKG_CONFIG_PATH=$prefix/pkgconfig pkg-config --libs libdpdk) -Wl,-z,defs
