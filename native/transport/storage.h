/* Answers Aeron's question before it makes a log buffer: is there room for all of it? */
#ifndef ADK_TRANSPORT_STORAGE_H
#define ADK_TRANSPORT_STORAGE_H

#include <stdint.h>

/*
 * Bytes of aeron_dir's file system that are free and not promised: sparse files take their space only as they are
 * touched, and when there is none left the kernel kills the process that touches them (SIGBUS).
 */
uint64_t adk_storage_usable(const char *aeron_dir);

#endif
