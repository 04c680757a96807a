/*
 * A thread's last error: an errno value and a sentence. For set-up and tear-down only; the hot path reports no errors.
 */
#ifndef ADK_PORT_ERROR_H
#define ADK_PORT_ERROR_H

__attribute__((format(printf, 2, 3))) void adk_set_error(int code, const char *format, ...);

#endif
