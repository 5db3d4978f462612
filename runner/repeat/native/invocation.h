/* What identifies an invocation of vt: all that the process is given, files apart. */
#ifndef VT_INVOCATION_H
#define VT_INVOCATION_H

#include "../../tracker/native/sha256.h"

#include <stdbool.h>

/* Of the form of records and of what identifies an invocation: another one finds nothing. As in encode-record.ts. */
#define VT_REPEAT_VERSION 1

/*
 * Whether an invocation may be answered from a record at all: `run` or `exec`, not within a task that another vt
 * observes, with all three streams open.
 */
bool vt_may_repeat(char **argv);

/*
 * Digest of arguments, environment, working directory, who runs it with which rights, and of what kind its streams are.
 * Values of variables go nowhere else. False where something of it cannot be told.
 */
bool vt_invocation_digest(char **argv, const char *cwd, uint8_t digest[VT_SHA256_SIZE]);

#endif
