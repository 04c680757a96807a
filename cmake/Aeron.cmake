# Aeron's C client and C media driver: from AERON_SOURCE_DIR, or from the sdist on PyPI that carries them.

set(AERON_SDIST pyaeron==0.1.0)
set(AERON_SDIST_SHA256 65fad0d4ca6926a24620c712fdebe8db8589a4d42a8dc52f15910a868c318af0)

set(AERON_SOURCE_DIR "$ENV{AERON_SOURCE_DIR}" CACHE PATH "A checkout of Aeron to build against; empty means ${AERON_SDIST}")
set(AERON_CACHE_DIR "${CMAKE_SOURCE_DIR}/.cache/aeron" CACHE PATH "Where the downloaded sdist is kept")

# Sets sdist to the downloaded archive. --ignore-requires-python: pyaeron requires Python 3.12, its C sources do not.
function(download_aeron_sdist)
    file(GLOB found ${AERON_CACHE_DIR}/pyaeron-*.tar.gz)
    if (NOT found)
        message(STATUS "Downloading ${AERON_SDIST}")
        execute_process(
            COMMAND ${Python_EXECUTABLE} -m pip download --quiet --no-deps --no-binary pyaeron --no-build-isolation
                --ignore-requires-python --dest ${AERON_CACHE_DIR} ${AERON_SDIST}
            RESULT_VARIABLE result
            ERROR_VARIABLE complaint)
        file(GLOB found ${AERON_CACHE_DIR}/pyaeron-*.tar.gz)
        if (NOT result EQUAL 0 OR NOT found)
            message(FATAL_ERROR "pip could not download ${AERON_SDIST}, which carries Aeron's sources:\n${complaint}\n"
                "Check that pip reaches its package index, or set AERON_SOURCE_DIR to a checkout of Aeron.")
        endif ()
    endif ()
    file(SHA256 ${found} sha256)
    if (NOT sha256 STREQUAL AERON_SDIST_SHA256)
        message(FATAL_ERROR "${found} is not the ${AERON_SDIST} this project was written against: its SHA-256 is\n"
            "${sha256} and should be\n${AERON_SDIST_SHA256}\nDelete the file and configure again.")
    endif ()
    set(sdist ${found} PARENT_SCOPE)
endfunction ()

# Sets AERON_SOURCE_DIR to the unpacked sources. The folder's name carries the hash, so it is whole or absent.
function(unpack_aeron_sdist)
    string(SUBSTRING ${AERON_SDIST_SHA256} 0 12 short_hash)
    set(unpacked ${AERON_CACHE_DIR}/${short_hash})
    if (NOT EXISTS ${unpacked})
        download_aeron_sdist()
        file(REMOVE_RECURSE ${unpacked}.part)
        file(ARCHIVE_EXTRACT INPUT ${sdist} DESTINATION ${unpacked}.part)
        file(RENAME ${unpacked}.part ${unpacked})
    endif ()
    file(GLOB source_dir ${unpacked}/pyaeron-*/third_party/aeron)
    set(AERON_SOURCE_DIR ${source_dir} PARENT_SCOPE)
endfunction ()

set(from_sdist OFF)
if (NOT AERON_SOURCE_DIR)
    set(from_sdist ON)
    unpack_aeron_sdist()
endif ()
if (NOT EXISTS ${AERON_SOURCE_DIR}/aeron-driver/src/main/c/aeronmd.h)
    message(FATAL_ERROR "AERON_SOURCE_DIR=${AERON_SOURCE_DIR} holds no Aeron sources: "
        "aeron-driver/src/main/c/aeronmd.h is missing.")
endif ()
message(STATUS "Aeron's sources: ${AERON_SOURCE_DIR}")

set(AERON_TESTS OFF)
set(AERON_UNIT_TESTS OFF)
set(AERON_SYSTEM_TESTS OFF)
set(AERON_BUILD_SAMPLES OFF)
set(AERON_BUILD_DOCUMENTATION OFF)
set(AERON_INSTALL_TARGETS OFF)
set(BUILD_AERON_ARCHIVE_API OFF)
block ()
    # The installed rpath is also right in the build, where bin/ is called binaries/ and is beside lib/ too.
    set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
    add_subdirectory(${AERON_SOURCE_DIR} aeron EXCLUDE_FROM_ALL SYSTEM)
endblock ()
set_target_properties(aeron aeron_driver PROPERTIES INSTALL_RPATH "$ORIGIN")
set_target_properties(aeronmd PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")

# Unpacked inside our checkout, Aeron would report our commit as its own, and be compiled again after each of ours.
if (from_sdist)
    foreach (part IN ITEMS aeron-client aeron-driver)
        set(folder ${AERON_SOURCE_DIR}/${part}/src/main/c)
        get_property(definitions DIRECTORY ${folder} PROPERTY COMPILE_DEFINITIONS)
        list(TRANSFORM definitions REPLACE "^AERON_VERSION_GITSHA=.*" "AERON_VERSION_GITSHA=\"${AERON_SDIST}\"")
        set_property(DIRECTORY ${folder} PROPERTY COMPILE_DEFINITIONS ${definitions})
    endforeach ()
endif ()
