#include "port/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/aeron_dpdk.h"

#define ADK_ERROR_TEXT_LENGTH (1024)

static _Thread_local int error_code;
static _Thread_local char error_text[ADK_ERROR_TEXT_LENGTH];

void adk_set_error(int code, const char *format, ...)
{
    va_list arguments;

    error_code = code;
    va_start(arguments, format);
    (void)vsnprintf(error_text, sizeof(error_text), format, arguments);
    va_end(arguments);
}

const char *adk_error_text(void)
{
    return error_text;
}

int adk_error_code(void)
{
    return error_code;
}
