# What the bench needs beside the extension module: a library that counts allocations, and a program for callgrind.

add_library(adk_allocations SHARED ${CMAKE_SOURCE_DIR}/native/load/interpose/allocations.c)
target_compile_options(adk_allocations PRIVATE -Wall -Wextra -Werror -fno-builtin-malloc)
set_target_properties(adk_allocations PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
install(TARGETS adk_allocations LIBRARY DESTINATION aeron_dpdk/lib COMPONENT python)

# The data path once more with line numbers, otherwise as it is shipped: in a shared object, where thread-local
# variables and calls cost what they cost in the extension module. src/aeron_dpdk/tools/bench/cost.py runs it.
find_path(VALGRIND_INCLUDE_DIR valgrind/callgrind.h)
if (AERON_DPDK_TESTS AND VALGRIND_INCLUDE_DIR)
    set(counted ${CMAKE_SOURCE_DIR}/tests/cost/cost.c)
    set(views ${CMAKE_SOURCE_DIR}/native ${CMAKE_SOURCE_DIR}/tests/native)
    foreach (layer IN ITEMS wire port stack transport api)
        get_target_property(sources adk_${layer} SOURCES)
        list(APPEND counted ${sources})
    endforeach ()
    add_library(counted SHARED EXCLUDE_FROM_ALL ${counted})
    target_compile_options(counted PRIVATE -g)
    target_include_directories(counted PRIVATE ${views})
    target_link_libraries(counted PRIVATE adk_flags aeron_driver aeron adk_dpdk)
    set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/cost/cost.c PROPERTIES COMPILE_OPTIONS -fvisibility=default)

    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/cost.c CONTENT "/* main() is in the shared object */\n")
    add_executable(cost EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/cost.c)
    target_link_libraries(cost PRIVATE counted)
    set_target_properties(cost PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/cost)

    # Copied against pointed at: what decision 15 was made from. tests/cost/zero_copy/measure.py runs it.
    file(GLOB zero_copy CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cost/zero_copy/*.c)
    add_executable(zero_copy EXCLUDE_FROM_ALL ${zero_copy})
    target_include_directories(zero_copy PRIVATE ${CMAKE_SOURCE_DIR}/native)
    target_link_libraries(zero_copy PRIVATE adk_wire adk_flags adk_dpdk)
    set_target_properties(zero_copy PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/cost)
    add_dependencies(cost zero_copy)
    add_custom_target(zero_copy_table
        COMMAND ${Python_EXECUTABLE} -m tests.cost.zero_copy.measure
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
        DEPENDS zero_copy
        USES_TERMINAL
        VERBATIM)
endif ()
