# DPDK, as the target adk_dpdk: its headers, its libraries, and the -march it was compiled for. These are the
# distribution's shared libraries; with AERON_DPDK_STATIC, static ones, whose names stay hidden in what links them.

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
# Some of the functions that we call are still marked as experimental in 22.11.
target_compile_definitions(adk_dpdk INTERFACE ALLOW_EXPERIMENTAL_API)
target_link_options(adk_dpdk INTERFACE LINKER:--as-needed)
if (AERON_DPDK_STATIC)
    # One string, since CMake would reorder and merge what is between --whole-archive and --no-whole-archive. Given as a
    # library, not as an option, since it must come after the objects that call DPDK.
    list(JOIN DPDK_STATIC_LDFLAGS " " ldflags)
    target_link_libraries(adk_dpdk INTERFACE "${ldflags}")
    target_link_options(adk_dpdk INTERFACE LINKER:--exclude-libs,ALL)
    target_compile_definitions(adk_dpdk INTERFACE ADK_DPDK_STATIC)
else ()
    target_link_libraries(adk_dpdk INTERFACE ${DPDK_LINK_LIBRARIES})
endif ()
