# DPDK's static libraries from Debian 13: the poll-mode drivers become part of the extension module, and none is loaded
# as a plug-in. glibc.c defines the few functions that the libraries call and Debian 11's C library lacks.
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

# Linked whole: libraries that register something when they are loaded. From the others the linker takes the objects
# that these and our code call.
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
# The instructions that Debian's DPDK was built for.
case $MACHINE in
    x86_64) instructions='-march=corei7 -mrtm' ;;
    aarch64) instructions=-march=armv8-a+crc ;;
esac
cat > $prefix/pkgconfig/libdpdk.pc <<EOF
Name: DPDK
Description: DPDK's static libraries
Version: ${version%%-*}
Cflags: -I$prefix/usr/include/$triplet/dpdk -I$prefix/usr/include/dpdk -include rte_config.h $instructions
Libs: -L$library -L/opt/aeron-dpdk/libraries/lib -L/opt/aeron-dpdk/xdp/lib \
-Wl,--whole-archive$whole -Wl,--no-whole-archive -Wl,--start-group $others -Wl,--end-group \
$library/glibc.o -l:libxdp.a -l:libbpf.a -lmlx5 -lmana -libverbs -lpcap -lelf -lz -lnuma -pthread -lm -ldl
EOF
cp $prefix/usr/share/doc/libdpdk-dev/copyright $prefix/dpdk.licence
# A missing function is to fail here, not when a driver first calls it.
$CC -shared -o /src/dpdk/all.so $(PKG_CONFIG_PATH=$prefix/pkgconfig pkg-config --libs libdpdk) -Wl,-z,defs
