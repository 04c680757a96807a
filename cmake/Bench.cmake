# The programs that ./dev bench and tests/cost run, under the target bench_programs. None is installed.

set(BENCH ${CMAKE_SOURCE_DIR}/bench)
add_custom_target(bench_programs)

# bench_program(<name> <layer>... SOURCES <source>...): compiles those layers again, as they are shipped, into a shared
# object, in which calls and thread-local variables cost what they cost in the extension module.
function(bench_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
    set(sources ${arg_SOURCES})
    foreach (layer IN LISTS arg_UNPARSED_ARGUMENTS)
        get_target_property(layer_sources adk_${layer} SOURCES)
        list(APPEND sources ${layer_sources})
    endforeach ()
    add_library(lib${name} SHARED EXCLUDE_FROM_ALL ${sources})
    set_target_properties(lib${name} PROPERTIES PREFIX "")
    target_compile_options(lib${name} PRIVATE -g)
    target_include_directories(lib${name} PRIVATE
        ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/native ${CMAKE_SOURCE_DIR}/tests/native)
    target_link_libraries(lib${name} PRIVATE adk_flags aeron_driver aeron adk_dpdk)

    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/bench/${name}.c CONTENT "/* main() is in the shared object */\n")
    add_executable(${name} EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/bench/${name}.c)
    target_link_libraries(${name} PRIVATE lib${name})
    set_target_properties(lib${name} ${name} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    add_dependencies(bench_programs ${name})
endfunction ()

# bench/single_costs.py runs it.
file(GLOB single_costs CONFIGURE_DEPENDS ${BENCH}/native/*.c)
list(REMOVE_ITEM single_costs ${BENCH}/native/cost.c ${BENCH}/native/disturbance.c)
bench_program(single_costs wire port stack transport api load SOURCES ${single_costs})

# bench/quiet.py preloads it (LD_PRELOAD).
add_library(disturbance SHARED EXCLUDE_FROM_ALL ${BENCH}/native/disturbance.c)
target_compile_options(disturbance PRIVATE -Wall -Wextra -Werror -fno-builtin-malloc)
target_compile_definitions(disturbance PRIVATE _GNU_SOURCE)
set_target_properties(disturbance PROPERTIES
    INTERPROCEDURAL_OPTIMIZATION OFF LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
add_dependencies(bench_programs disturbance)

# cost.c includes valgrind's header. bench/cost.py runs it under callgrind.
find_path(VALGRIND_INCLUDE_DIR valgrind/callgrind.h)
if (VALGRIND_INCLUDE_DIR)
    bench_program(cost wire port stack transport api SOURCES ${BENCH}/native/cost.c)
    set_source_files_properties(${BENCH}/native/cost.c PROPERTIES COMPILE_OPTIONS -fvisibility=default)

    # Payloads that are copied into mbufs against payloads that mbufs point at, for decision 15.
    # bench/zero_copy/measure.py runs it.
    file(GLOB zero_copy CONFIGURE_DEPENDS ${BENCH}/zero_copy/*.c)
    add_executable(zero_copy EXCLUDE_FROM_ALL ${zero_copy})
    target_include_directories(zero_copy PRIVATE ${CMAKE_SOURCE_DIR}/native)
    target_link_libraries(zero_copy PRIVATE adk_wire adk_flags adk_dpdk)
    set_target_properties(zero_copy PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    add_dependencies(bench_programs zero_copy)
    add_custom_target(zero_copy_table
        COMMAND ${Python_EXECUTABLE} -m bench.zero_copy.measure
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
        DEPENDS zero_copy
        USES_TERMINAL
        VERBATIM)
endif ()
