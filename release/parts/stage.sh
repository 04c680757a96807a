# The bundle's tree, in /out/NAME: Python with the wheel installed, and the programs that run it.
set -euxo pipefail
. /checkout/release/parts/target.sh
name=$1
parts=/opt/aeron-dpdk
top=/out/$name
rm -rf "$top" && mkdir -p "$top/licences"
cp -a $parts/python "$top/python"
cd "$top/python"
mv python.licence ../licences/python
rm -rf sources include share lib/pkgconfig lib/*.a lib/python3.13/config-* \
    bin/{idle,pydoc,python3-config,python3.13-config,idle3*,pydoc3*}
(cd lib/python3.13 && rm -rf idlelib tkinter turtle* turtledemo pydoc_data ensurepip lib2to3 test unittest/test \
    lib-dynload/_{tkinter,test,ctypes_test,xx}* lib-dynload/xx*)
find . -name '__pycache__' -prune -exec rm -rf {} +

PATH=/src/tools/bin:$PATH
site=lib/python3.13/site-packages
mkdir -p $site
/src/tools/bin/python3 -m pip install --quiet --no-index --find-links /out/tools --find-links /out/wheel \
    --no-compile --target $site 'aeron-dpdk[export]'
rm -rf $site/bin

# The libraries of this root that Python's own modules need, except the C library. Not by ldd, which knows only the
# loader of the machine that builds.
loader=$(patchelf --print-interpreter bin/python3.13)
for module in lib/python3.13/lib-dynload/*.so; do
    $loader --list "$module" | awk '$3 ~ "^/(usr/)?lib/" { print $3 }'
done | sort -u | grep -vE '/(libc|libm|libpthread|libdl|librt|libutil)\.so' | while read -r library; do
    cp -L "$library" lib/
    patchelf --set-rpath '$ORIGIN' "lib/$(basename "$library")"
    package=$(dpkg -S "$(basename "$library")" | head -1 | cut -d: -f1)
    cp "/usr/share/doc/$package/copyright" "../licences/$package"
    dpkg-query -W -f '${source:Package} ${source:Version}\n' "$package" >> ../libraries
done
for module in lib/python3.13/lib-dynload/*.so; do
    patchelf --set-rpath '$ORIGIN/../..' "$module"
done
# Besides the C library, auditwheel leaves only zlib to the host.
ln -s ../../../libz.so.1 $site/aeron_dpdk.libs/
patchelf --set-rpath '$ORIGIN' $site/aeron_dpdk.libs/libelf-*
# Licences and versions of the libraries that auditwheel put into the wheel.
for package in libnuma1 libbsd0 libmd0 libuuid1 libelf1; do
    cp "/usr/share/doc/$package/copyright" "../licences/$package"
    dpkg-query -W -f '${source:Package} ${source:Version}\n' "$package" >> ../libraries
done
cat $parts/dpdk/versions >> ../libraries
for part in libraries xdp python; do
    sed -E 's/^(.*)_([^_]*)\.orig\.tar\..*/\1 \2/' $parts/$part/sources >> ../libraries
done
cp $parts/libraries/*.licence $parts/xdp/*.licence $parts/dpdk/*.licence ../licences/
find . -type f \( -name '*.so*' -o -path './bin/python3.13' \) -exec $triplet-strip --strip-unneeded {} + || true
# Some modules are executable, with a first line that names a Python which the bundle does not have.
find . -type f \( -name '*.py' -o -name '*.so*' \) -exec chmod a-x {} +
# Compiled here, since a read-only installation would compile them at each start; and not compared with the sources'
# times, which unpacking may change.
bin/python3 -m compileall -q -j0 --invalidation-mode unchecked-hash lib/python3.13

launch() {
    $CC -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -DENTRY="\"$2\"" $($PKG_CONFIG --cflags python3-embed) \
        -o "$top/$1" /checkout/release/launcher.c $($PKG_CONFIG --libs python3-embed) -Wl,-rpath,'$ORIGIN/python/lib'
    $triplet-strip "$top/$1"
}
export PKG_CONFIG_PATH=$parts/python/lib/pkgconfig
launch aeronmd_dpdk aeron_dpdk.driver.main
launch aeron-dpdk aeron_dpdk.tools.main
ln -s python/$site/aeron_dpdk/bin/aeronmd "$top/aeronmd"
