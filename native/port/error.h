/* The last error of a thread: an errno value and a sentence. Set-up and tear-down only; the hot path has no errors. */
#ifndef ADK_PORT_ERROR_H
#define ADK_PORT_ERROR_H

__attribute__((format(printf, 2, 3))) void adk_set_error(int code, const char *format, ...);

#endif
