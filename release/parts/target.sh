# Read by the other scripts: the compiler for MACHINE, which may differ from the machine that builds.
triplet=$MACHINE-linux-gnu
export CC=$triplet-gcc CXX=$triplet-g++ PKG_CONFIG=$triplet-pkg-config
