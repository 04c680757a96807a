# libbpf and libxdp for net_af_xdp, as position-independent archives, which Debian does not have. libxdp's source is
# from sid, since the mirror lacks Debian 13's. clang compiles its BPF programs, which become part of the archive.
set -euxo pipefail
. /checkout/release/parts/target.sh
prefix=/opt/aeron-dpdk/xdp
rm -rf $prefix /src/xdp && mkdir -p /src/xdp/{libbpf,xdp-tools} $prefix && cd /src/xdp
apt-get source --only-source --tar-only --download-only libbpf/trixie
# By version and hash, whichever version sid has now. The mirror keeps only the newest; snapshot.debian.org keeps all,
# named by their SHA-1.
mirror=$(sed -n 's/^deb \(http[^ ]*\) .*/\1/p' /etc/apt/sources.list | head -1)
fetch() {
    /usr/lib/apt/apt-helper download-file "$1" xdp-tools_1.6.3.orig.tar.gz \
        SHA256:78da363ff7dcf1a586f47800f16d644022bd33f3844864061a44616fce854fd8
}
fetch "$mirror/pool/main/x/xdp-tools/xdp-tools_1.6.3.orig.tar.gz" ||
    fetch https://snapshot.debian.org/file/4d825e56eaa6e7f3204a502b43a05fc98ccee74d
apt-get install -y --no-install-recommends clang m4
for source in libbpf xdp-tools; do
    tar -C $source --strip-components=1 -xf ${source}_*.orig.tar.*
done

make -C libbpf/src -j2 BUILD_STATIC_ONLY=y PREFIX=$prefix LIBDIR=$prefix/lib CFLAGS='-O2 -fPIC' install

cd xdp-tools/lib/libxdp
version() { ls /src/xdp | sed -n "s/^$1_\(.*\)\.orig\..*/\1/p"; }
# Without its configure and its Makefiles, which would also build and install programs: first what configure would find
# in this libbpf and this C library, then the commands for the library.
has=$(printf -- '-DHAVE_%s ' SECURE_GETENV LIBBPF_{BTF__{LOAD_FROM_KERNEL_BY_ID,TYPE_CNT},BPF_{MAP_CREATE,XDP_ATTACH}} \
    LIBBPF_BPF_{OBJECT__NEXT_{MAP,PROGRAM},PROGRAM__{FLAGS,INSN_CNT,TYPE}})
includes="-I../../headers -I$prefix/include"
m4 -DMAX_DISPATCHER_ACTIONS=10 xdp-dispatcher.c.in > xdp-dispatcher.c
for program in xdp-dispatcher xsk_def_xdp_prog xsk_def_xdp_prog_5.3; do
    clang -target bpf -O2 -g $has $includes -I/usr/include/$triplet -c $program.c -o $program.o
    $CC -r -nostdlib -Wl,-z,noexecstack,--format=binary -o $program.embed.o $program.o
done
for source in libxdp xsk; do
    $CC -std=gnu11 -O2 -fPIC -DLIBXDP_STATIC $has -DMAX_DISPATCHER_ACTIONS=10 \
        -DBPF_DIR_MNT='"/sys/fs/bpf"' -DRUNDIR='"/run"' -DBPF_OBJECT_PATH="\"$prefix\"" \
        -DTOOLS_VERSION="\"$(version xdp-tools)\"" -DLIBBPF_VERSION="\"$(version libbpf)\"" \
        $includes -c $source.c -o $source.o
done
$triplet-ar rcs $prefix/lib/libxdp.a libxdp.o xsk.o *.embed.o
cp ../../LICENSES/BSD-2-Clause $prefix/libxdp.licence
cp /src/xdp/libbpf/LICENSE.BSD-2-Clause $prefix/libbpf.licence
(cd /src/xdp && ls *.orig.tar.*) > $prefix/sources
