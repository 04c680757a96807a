# aeron_dpdk/_native.abi3.so and what it needs beside it: lib/ with Aeron's libraries, bin/ with the stock aeronmd.

set(ADK_HEADERS ${CMAKE_SOURCE_DIR}/native/api/aeron_dpdk.h ${CMAKE_SOURCE_DIR}/native/load/load.h
    ${CMAKE_SOURCE_DIR}/native/load/traffic.h ${CMAKE_SOURCE_DIR}/native/api/levels.h
    ${CMAKE_SOURCE_DIR}/native/api/capture.h ${CMAKE_SOURCE_DIR}/native/api/telemetry.h)
set(ADK_CFFI_SOURCE ${CMAKE_BINARY_DIR}/_native.c)
add_custom_command(
    OUTPUT ${ADK_CFFI_SOURCE}
    COMMAND ${Python_EXECUTABLE} ${CMAKE_SOURCE_DIR}/native/api/build_cffi.py ${ADK_CFFI_SOURCE} ${ADK_HEADERS}
    DEPENDS ${CMAKE_SOURCE_DIR}/native/api/build_cffi.py ${ADK_HEADERS}
    VERBATIM)

get_property(layers GLOBAL PROPERTY ADK_LAYERS)
Python_add_library(_native MODULE USE_SABI 3.11 ${ADK_CFFI_SOURCE})
target_include_directories(_native PRIVATE ${ADK_VIEWS}/load ${ADK_VIEWS}/api)
target_link_libraries(_native PRIVATE ${layers} aeron_driver aeron adk_dpdk)
set_target_properties(_native PROPERTIES
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN/lib"
    SUFFIX .abi3.so)

install(TARGETS _native LIBRARY DESTINATION aeron_dpdk COMPONENT python)
install(TARGETS aeron aeron_driver LIBRARY DESTINATION aeron_dpdk/lib COMPONENT python)
install(TARGETS aeronmd RUNTIME DESTINATION aeron_dpdk/bin COMPONENT python)
add_custom_target(aeron_peer ALL DEPENDS aeronmd)
