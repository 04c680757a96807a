# One library for each folder in native/, which compiles against what it may see and nothing else.
#
# An include is written from native/ down ("stack/rx.h"). Each layer has a folder of links to the folders it may see,
# so an include against the direction of the arrows is not found, whatever a reviewer overlooks.

set(ADK_ROOT ${CMAKE_CURRENT_LIST_DIR}/..)
set(ADK_VIEWS ${CMAKE_BINARY_DIR}/views)

add_library(adk_flags INTERFACE)
target_compile_options(adk_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Werror
    -fvisibility=hidden)
target_compile_definitions(adk_flags INTERFACE _GNU_SOURCE)
target_link_libraries(adk_flags INTERFACE adk_dpdk)

# adk_view(<layer> <folder>...): the folder of links. Every layer sees the seam, which holds declarations only.
function(adk_view layer)
    file(REMOVE_RECURSE ${ADK_VIEWS}/${layer})
    file(MAKE_DIRECTORY ${ADK_VIEWS}/${layer})
    foreach (folder IN ITEMS ${layer} ${ARGN})
        file(CREATE_LINK ${ADK_ROOT}/native/${folder} ${ADK_VIEWS}/${layer}/${folder} SYMBOLIC)
    endforeach ()
    if (NOT EXISTS ${ADK_VIEWS}/${layer}/api)
        file(MAKE_DIRECTORY ${ADK_VIEWS}/${layer}/api)
        file(CREATE_LINK ${ADK_ROOT}/native/api/aeron_dpdk.h ${ADK_VIEWS}/${layer}/api/aeron_dpdk.h SYMBOLIC)
    endif ()
endfunction ()

# adk_layer(<layer> [AERON] SEES <folder>...): target adk_<layer>, objects of the C files in native/<layer>/ and below
function(adk_layer layer)
    cmake_parse_arguments(PARSE_ARGV 1 arg "AERON" "" "SEES")
    adk_view(${layer} ${arg_SEES})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${ADK_ROOT}/native/${layer}/*.c)
    if (NOT sources)
        return()
    endif ()
    add_library(adk_${layer} OBJECT ${sources})
    target_include_directories(adk_${layer} PRIVATE ${ADK_VIEWS}/${layer})
    target_link_libraries(adk_${layer} PRIVATE adk_flags)
    if (arg_AERON)
        target_link_libraries(adk_${layer} PRIVATE aeron_driver aeron)
    endif ()
    set_property(GLOBAL APPEND PROPERTY ADK_LAYERS adk_${layer})
endfunction ()
