# aeron_dpdk/_build_info.py: the commit that the native half was made from, looked up at each build.

add_custom_target(build_info ALL
    COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -DOUTPUT=${CMAKE_BINARY_DIR}/_build_info.py
        -P ${CMAKE_SOURCE_DIR}/cmake/WriteBuildInfo.cmake
    BYPRODUCTS ${CMAKE_BINARY_DIR}/_build_info.py
    VERBATIM)
install(FILES ${CMAKE_BINARY_DIR}/_build_info.py DESTINATION aeron_dpdk COMPONENT python)
