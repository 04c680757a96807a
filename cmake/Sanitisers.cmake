# ASan and UBSan: what the native tests run under always, and with AERON_DPDK_SANITISED the extension and Aeron too.

set(ADK_SANITISERS -fsanitize=address,undefined)
set(ADK_SANITISED_FLAGS -O1 -g -UNDEBUG -fno-omit-frame-pointer ${ADK_SANITISERS} -fno-sanitize-recover=all)

if (AERON_DPDK_SANITISED)
    # Aeron reads its headers where the frame has them, 42 bytes behind the start, and shifts a difference of term ids
    # that may be negative: all CPUs that DPDK runs on do so.
    add_compile_options(${ADK_SANITISED_FLAGS} -fno-sanitize=alignment,shift)
    add_link_options(${ADK_SANITISERS})

    # The driver as a command, and the Python that tests run it by. CPython is not sanitised: its runtime must be there
    # before any library of ours is loaded.
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
        OUTPUT_VARIABLE libasan OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    cmake_path(GET Python_EXECUTABLE PARENT_PATH programs)
    set(package ${CMAKE_BINARY_DIR}/package)
    file(GLOB python_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/aeron_dpdk/*)
    list(FILTER python_sources EXCLUDE REGEX "/(lib|bin|_native\\.abi3\\.so|_build_info\\.py|__pycache__)$")
    file(REMOVE_RECURSE ${package})
    file(MAKE_DIRECTORY ${package}/aeron_dpdk)
    # In place of the hook of the editable installation, which would find the package in src whatever PYTHONPATH says.
    file(TOUCH ${package}/_editable_skbc_aeron_dpdk.py)
    foreach (source IN LISTS python_sources)
        cmake_path(GET source FILENAME name)
        file(CREATE_LINK ${source} ${package}/aeron_dpdk/${name} SYMBOLIC)
    endforeach ()
    set(reports ${CMAKE_BINARY_DIR}/reports)
    file(MAKE_DIRECTORY ${reports})
    # Also for a driver that has dropped root.
    file(CHMOD ${reports} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE WORLD_READ WORLD_WRITE WORLD_EXECUTE)
    foreach (program aeronmd_dpdk python)
        configure_file(${CMAKE_SOURCE_DIR}/tests/system/sanitised.sh.in ${CMAKE_BINARY_DIR}/${program}
            @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    endforeach ()
endif ()
