# The unit and native tests, built for MACHINE in a clone, with the Python and the DPDK of the wheel. The arguments go
# to pytest.
set -euxo pipefail
. /checkout/release/parts/target.sh
parts=/opt/aeron-dpdk
git config --system --replace-all safe.directory '*'
[ -d /src/project ] || git clone --quiet /checkout /src/project
cd /src/project
git fetch --quiet origin HEAD
git reset --quiet --hard FETCH_HEAD
export PATH=/src/tools/bin:$PATH PIP_NO_INDEX=1 PIP_FIND_LINKS='/out/tools /out/tests' PIP_DISABLE_PIP_VERSION_CHECK=1
export PKG_CONFIG_PATH=$parts/dpdk/pkgconfig LD_LIBRARY_PATH=$parts/libraries/lib
xargs pip install --quiet < /out/tests/packages
pip install --quiet --no-build-isolation --no-deps --editable .
cmake -S . -B build/native -G Ninja -DCMAKE_BUILD_TYPE=Release -DPython_EXECUTABLE=/src/tools/bin/python3 \
    -DAERON_CACHE_DIR=/checkout/.cache/aeron -DAERON_DPDK_STATIC=ON -DAERON_DPDK_TESTS=ON
cmake --build build/native --target all native_tests
cmake --install build/native --prefix src --component python
# The leak checker stops the process with ptrace(), which qemu's user mode emulation lacks.
ASAN_OPTIONS=detect_leaks=0 exec python3 -m pytest "$@"
