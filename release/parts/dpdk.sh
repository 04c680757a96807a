# DPDK as Debian 13 built it, as static libraries: the extension module holds the poll-mode drivers, and nothing looks
# for plug-ins. glibc.c stands in for the few names that Debian 11's C library lacks.
set -euxo pipefail
. /checkout/release/parts/target.sh
prefix=/opt/aeron-dpdk/dpdk
rm -rf $prefix /src/dpdk && mkdir -p /src/dpdk $prefix/pkgconfig && cd /src/dpdk
apt-get download libdpdk-dev:$ARCHITECTURE/trixie
for package in *.deb; do
    dpkg -x "$package" $prefix
    dpkg-deb -f "$package" Package Version | sed 's/.*: //' | paste -sd ' ' >> $prefix/versions
done
version=$(sed -n 's/^libdpdk-dev //p' $prefix/versions)
library=$prefix/usr/lib/$triplet
$CC -std=c11 -D_GNU_SOURCE -O2 -fPIC -fvisibility=hidden -c -o $library/glibc.o /checkout/release/parts/glibc.c

# Whole: what registers itself when it is loaded. From the others the linker takes what these and our code ask for.
whole=''
for name in log telemetry eal mempool mbuf net ethdev \
    bus_auxiliary bus_pci bus_vdev bus_vmbus common_iavf common_mlx5 mempool_ring mempool_stack \
    net_{ena,ixgbe,i40e,ice,iavf,e1000,igc,mlx5,mana,gve,bnxt,vmxnet3,virtio} \
    net_{af_packet,af_xdp,tap,memif,null,ring,pcap}; do
    whole+=" -l:librte_$name.a"
done
others=''
for file in $library/librte_*.a; do
    others+=" -l:$(basename $file)"
done
case $MACHINE in
    x86_64) instructions='-march=corei7 -mrtm' ;;
    aarch64) instructions=-march=armv8-a+crc ;;
esac  # those that Debian's DPDK was built for
cat > $prefix/pkgconfig/libdpdk.pc <<EOF
Name: DPDK
Description: DPDK's static libraries
Version: ${version%%-*}
Cflags: -I$prefix/usr/include/$triplet/dpdk -I$prefix/usr/include/dpdk -include rte_config.h $instructions
Libs: -L$library -L/opt/aeron-dpdk/libraries/lib -L/opt/aeron-dpdk/xdp/lib -Wl,--whole-archive$whole -Wl,--no-whole-archive -Wl,--start-group $others -Wl,--end-group $library/glibc.o -l:libxdp.a -l:libbpf.a -lmlx5 -lmana -libverbs -lpcap -lelf -lz -lnuma -pthread -lm -ldl
EOF
cp $prefix/usr/share/doc/libdpdk-dev/copyright $prefix/dpdk.licence
# Nothing may be missing: better here than when a driver is first called.
$CC -shared -o /src/dpdk/all.so $(PKG_CONFIG_PATH=$prefix/pkgconfig pkg-config --libs libdpdk) -Wl,-z,defs
