# libpcap without D-Bus; and rdma-core's libibverbs, libmlx5 and libmana, since Debian 11's rdma-core has no libmana.
set -euxo pipefail
. /checkout/release/parts/target.sh
prefix=/opt/aeron-dpdk/libraries
rm -rf $prefix /src/libraries && mkdir -p /src/libraries && cd /src/libraries
apt-get source --only-source --tar-only --download-only libpcap rdma-core

mkdir libpcap && tar -C libpcap --strip-components=1 -xf libpcap_*.orig.tar.*
(cd libpcap
 ./configure --build=$triplet --host=$triplet --prefix=$prefix \
     --disable-dbus --disable-rdma --disable-bluetooth --disable-usb --without-libnl
 make -j2 && make install && rm $prefix/lib/libpcap.a
 cp LICENSE $prefix/libpcap.licence)

mkdir rdma && tar -C rdma --strip-components=1 -xf rdma-core_*.orig.tar.*
# This prefix exists on no user's machine, so libibverbs loads none of the host's providers.
cmake -G Ninja -S rdma -B rdma/build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=$prefix \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_SYSCONFDIR=$prefix/etc -DCMAKE_INSTALL_RUNDIR=/run \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$MACHINE -DNO_PYVERBS=1 -DNO_MAN_PAGES=1 -DENABLE_RESOLVE_NEIGH=0
ninja -C rdma/build -j2 install
cat rdma/COPYING.md rdma/COPYING.BSD_MIT > $prefix/rdma-core.licence
ls *.orig.tar.* > $prefix/sources
