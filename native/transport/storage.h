/* What Aeron asks before it makes a log buffer: would there be room for it to the last byte? */
#ifndef ADK_TRANSPORT_STORAGE_H
#define ADK_TRANSPORT_STORAGE_H

#include <stdint.h>

/*
 * Bytes of aeron_dir's file system that are free and not promised: sparse files grow into the rest of their length as
 * they are touched, and where there is no room the kernel ends the process that touches it (SIGBUS).
 */
uint64_t adk_storage_usable(const char *aeron_dir);

#endif
