/*
 * The preloaded shim: it only makes the most frequent calls cheaper. It commits the record itself
 * and then issues the system call quietly (quiet-call.h), so that the filter lets it pass. Whatever it
 * does not do, or gives up on, is notified to the supervisor: slower, never lost.
 *
 * It gives up (returns 0) rather than wait or guess: in a signal handler or thread that meets the
 * lock held, for memory that cannot be read, for /proc, /sys and /dev, when the log takes no more,
 * and for the first calls of each process, so that short-lived ones pay nothing and the supervisor
 * has seen every process that appears in the log.
 */
#ifndef VT_SHIM_H
#define VT_SHIM_H

#include <stdbool.h>
#include <stdint.h>

/* Commits a touch of `name` (relative to `dirfd`) by `op` (enum vt_op). Returns the cookie for the
 * call, or 0: issue the call without. Keeps errno. With `plain_only` a name that is neither a file,
 * a directory nor absent is given up, as are calls whose kind of file is not known. */
uint64_t vt_shim_record(uint8_t op, uint32_t aux, int dirfd, const char *name, bool follow,
                        bool plain_only);

/* Whether `name` is the empty string: false too where it cannot be read. */
bool vt_shim_is_empty(const char *name);

/* The cookie for a call that needs no record; 0 as long as the trace is not mapped. */
uint64_t vt_shim_cookie(void);

#endif
