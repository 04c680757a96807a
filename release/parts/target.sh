# For the other scripts: the compiler for MACHINE, which may be another one than this.
triplet=$MACHINE-linux-gnu
export CC=$triplet-gcc CXX=$triplet-g++ PKG_CONFIG=$triplet-pkg-config
