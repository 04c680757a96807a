# CPython from Debian 13's source package. It can be moved: it finds its library by its own path.
set -euxo pipefail
. /checkout/release/parts/target.sh
prefix=/opt/aeron-dpdk/python
rm -rf $prefix /src/python && mkdir -p /src/python/tree && cd /src/python
apt-get source --only-source --tar-only --download-only python3.13
tar -C tree --strip-components=1 -xf python3.13_*.orig.tar.*
cd tree
./configure --build=$triplet --host=$triplet --prefix=$prefix \
    --enable-shared --without-ensurepip --disable-test-modules --without-doc-strings \
    LDFLAGS='-Wl,-rpath,\$$ORIGIN/../lib -Wl,--as-needed' CFLAGS=-fno-semantic-interposition
make -j2
make install COMPILEALL_OPTS=--help  # compiles nothing: stage.sh compiles the modules that stay
# A module whose library is missing is left out without an error: look for one here.
$prefix/bin/python3 -c "import ctypes, lzma, sqlite3, ssl, zlib"
cp LICENSE $prefix/python.licence
(cd .. && ls *.orig.tar.*) > $prefix/sources
