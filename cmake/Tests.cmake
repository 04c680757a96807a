# The C programs that ./dev test runs, all under the target native_tests:
#   tests/native/<name>_test.c  -> build/native/tests/native/<name>_test      with our sources, sanitised
#   tests/interleavings/<name>.c -> build/native/tests/interleavings/<name>   with our sources, on a memory model
#   tests/fuzz/fuzz_<name>.c    -> build/native/tests/fuzz/fuzz_<name>        replays files; fuzzing itself: tests/fuzz
#   tests/system/native/<name>.c -> build/native/tests/system/<name>          Aeron clients, no code of ours

set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)
add_custom_target(native_tests)

add_library(adk_sanitised INTERFACE)
target_compile_options(adk_sanitised INTERFACE ${ADK_SANITISED_FLAGS})
target_link_options(adk_sanitised INTERFACE ${ADK_SANITISERS})

# An archive, so that a test links only the objects that it calls, and can define fakes of the others.
add_library(adk_all_sanitised STATIC EXCLUDE_FROM_ALL)
set_property(TARGET adk_all_sanitised PROPERTY LINKER_LANGUAGE C)
get_property(layers GLOBAL PROPERTY ADK_LAYERS)
foreach (layer IN LISTS layers)
    add_library(${layer}_sanitised OBJECT EXCLUDE_FROM_ALL $<TARGET_PROPERTY:${layer},SOURCES>)
    target_include_directories(${layer}_sanitised PRIVATE $<TARGET_PROPERTY:${layer},INCLUDE_DIRECTORIES>)
    target_link_libraries(${layer}_sanitised PRIVATE $<TARGET_PROPERTY:${layer},LINK_LIBRARIES> adk_sanitised)
    target_sources(adk_all_sanitised PRIVATE $<TARGET_OBJECTS:${layer}_sanitised>)
endforeach ()

# adk_test_program(<folder below the build's tests/> <source> <library>...)
function(adk_test_program folder source)
    cmake_path(GET source STEM name)
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/${folder})
    target_link_libraries(${name} PRIVATE ${ARGN})
    add_dependencies(native_tests ${name})
endfunction ()

# Some tests have functions of their own in place of DPDK's. A shared library gives way to them; of a static one the
# linker must be told to use the first definition.
set(first_definition $<$<BOOL:${AERON_DPDK_STATIC}>:LINKER:-z,muldefs>)
set(ours adk_flags adk_sanitised adk_all_sanitised aeron_driver aeron adk_dpdk)

file(GLOB native_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/native/*_test.c)
foreach (source IN LISTS native_tests)
    adk_test_program(native ${source} ${ours})
    cmake_path(GET source STEM name)
    target_include_directories(${name} PRIVATE native tests/native)
    target_link_options(${name} PRIVATE ${first_definition})
endforeach ()

file(GLOB fuzz_targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach (source IN LISTS fuzz_targets)
    adk_test_program(fuzz ${source} ${ours})
    cmake_path(GET source STEM name)
    target_sources(${name} PRIVATE tests/fuzz/replay.c)
    target_include_directories(${name} PRIVATE native tests/fuzz)
endforeach ()

file(GLOB interleavings CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/interleavings/*.c)
foreach (source IN LISTS interleavings)
    cmake_path(GET source STEM name)
    set(target ${name}_interleavings)
    add_executable(${target} EXCLUDE_FROM_ALL ${source})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/interleavings)
    target_include_directories(${target} PRIVATE native tests/interleavings)
    # A scenario calls only some of the model's operations, and only some functions of the sources that it includes;
    # what the other functions call is not linked.
    target_compile_options(${target} PRIVATE -Wno-unused-function -Wno-unused-variable -ffunction-sections)
    target_link_options(${target} PRIVATE LINKER:--gc-sections ${first_definition})
    target_link_libraries(${target} PRIVATE adk_flags)
    add_dependencies(native_tests ${target})
endforeach ()

file(GLOB clients CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/system/native/*.c)
foreach (source IN LISTS clients)
    adk_test_program(system ${source} aeron)
    cmake_path(GET source STEM name)
    target_compile_options(${name} PRIVATE -Wall -Wextra -Wshadow -Wconversion -Werror)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
endforeach ()
