# The commit, with "+guilty" where the work tree differs from it, as Aeron calls it; "unknown" outside a git checkout.

execute_process(COMMAND git log -1 --format=%h --abbrev=10 WORKING_DIRECTORY ${SOURCE_DIR}
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git diff-index --quiet HEAD -- WORKING_DIRECTORY ${SOURCE_DIR}
    RESULT_VARIABLE differs ERROR_QUIET)
if (NOT commit)
    set(commit unknown)
elseif (NOT differs EQUAL 0)
    string(APPEND commit +guilty)
endif ()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "GIT = \"${commit}\"\n")
