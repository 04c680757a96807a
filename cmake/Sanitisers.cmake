# ASan and UBSan: for the native tests always, for the extension and for Aeron with AERON_DPDK_SANITISED.

set(ADK_SANITISERS -fsanitize=address,undefined)
set(ADK_SANITISED_FLAGS -O1 -g -UNDEBUG -fno-omit-frame-pointer ${ADK_SANITISERS} -fno-sanitize-recover=all)

if (AERON_DPDK_SANITISED)
    # Aeron reads its headers unaligned, 42 bytes into the frame, and shifts a difference of term ids that may be
    # negative. Both do what Aeron expects on every CPU that DPDK runs on.
    add_compile_options(${ADK_SANITISED_FLAGS} -fno-sanitize=alignment,shift)
    add_link_options(${ADK_SANITISERS})

    # Scripts that run the driver, and Python, with the sanitised package. CPython is not sanitised, so the runtime of
    # ASan has to be preloaded.
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
        OUTPUT_VARIABLE libasan OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    cmake_path(GET Python_EXECUTABLE PARENT_PATH programs)
    set(package ${CMAKE_BINARY_DIR}/package)
    file(GLOB python_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/aeron_dpdk/*)
    list(FILTER python_sources EXCLUDE REGEX "/(lib|bin|_native\\.abi3\\.so|_build_info\\.py|__pycache__)$")
    file(REMOVE_RECURSE ${package})
    file(MAKE_DIRECTORY ${package}/aeron_dpdk)
    # Replaces the hook of the editable installation, which would find the package in src whatever PYTHONPATH says.
    file(TOUCH ${package}/_editable_skbc_aeron_dpdk.py)
    foreach (source IN LISTS python_sources)
        cmake_path(GET source FILENAME name)
        file(CREATE_LINK ${source} ${package}/aeron_dpdk/${name} SYMBOLIC)
    endforeach ()
    set(reports ${CMAKE_BINARY_DIR}/reports)
    file(MAKE_DIRECTORY ${reports})
    # Writable for a driver that has dropped root, too.
    file(CHMOD ${reports} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE WORLD_READ WORLD_WRITE WORLD_EXECUTE)
    foreach (program aeronmd_dpdk python)
        configure_file(${CMAKE_SOURCE_DIR}/tests/system/sanitised.sh.in ${CMAKE_BINARY_DIR}/${program}
            @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    endforeach ()
endif ()
