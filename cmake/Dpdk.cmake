# DPDK, as the target adk_dpdk: system headers, libraries, and the -march it was made for. The distribution's shared
# libraries, or with AERON_DPDK_STATIC all of DPDK inside what links it, with none of its names to be seen outside.

option(AERON_DPDK_STATIC "Link DPDK's static libraries, with every poll-mode driver that they have" OFF)

find_package(PkgConfig REQUIRED)
pkg_check_modules(DPDK REQUIRED libdpdk>=22.11)

set(cflags ${DPDK_CFLAGS_OTHER})
if (AERON_DPDK_MARCH)
    list(FILTER cflags EXCLUDE REGEX "^-march=")
    list(APPEND cflags -march=${AERON_DPDK_MARCH})
endif ()
list(JOIN cflags " " cflags)

add_library(adk_dpdk INTERFACE)
target_include_directories(adk_dpdk SYSTEM INTERFACE ${DPDK_INCLUDE_DIRS})
# SHELL: keeps the two words of "-include rte_config.h" together.
target_compile_options(adk_dpdk INTERFACE "SHELL:${cflags}")
# Parts of what we call carry the experimental mark in 22.11 and have lost it since.
target_compile_definitions(adk_dpdk INTERFACE ALLOW_EXPERIMENTAL_API)
target_link_options(adk_dpdk INTERFACE LINKER:--as-needed)
if (AERON_DPDK_STATIC)
    # One string: CMake would sort and merge what stands between --whole-archive and --no-whole-archive. A library, not an
    # option: it has to follow the objects that call DPDK, so that the linker takes from its archives what they call.
    list(JOIN DPDK_STATIC_LDFLAGS " " ldflags)
    target_link_libraries(adk_dpdk INTERFACE "${ldflags}")
    target_link_options(adk_dpdk INTERFACE LINKER:--exclude-libs,ALL)
else ()
    target_link_libraries(adk_dpdk INTERFACE ${DPDK_LINK_LIBRARIES})
endif ()
