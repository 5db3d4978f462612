/*
 * The preloaded shim: it only makes the most frequent calls cheaper. It commits the record itself
 * and then issues the system call quietly (quiet-call.h), so that the filter lets it pass. Whatever it
 * does not do, or gives up on, is notified to the supervisor: slower, never lost.
 *
 * It gives up (returns 0) rather than wait or guess: where all slots are taken by other threads and
 * the code that signal handlers interrupted, for memory that cannot be read, for /proc, /sys and
 * /dev, when the log takes no more, and for the first calls of each process, so that short-lived
 * ones pay nothing and the supervisor has seen every process that appears in the log.
 */
#ifndef VT_SHIM_H
#define VT_SHIM_H

#include "touch.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Commits a touch of `name` (relative to `dirfd`) by `op` (enum vt_op). Returns the cookie for the
 * call, or 0: issue the call without. Keeps errno. */
uint64_t vt_shim_record(uint8_t op, uint32_t aux, int dirfd, const char *name, bool follow);

/*
 * A call that only looks is made first and recorded then, which saves looking twice: nothing of its
 * result reaches the program before the record is committed, and it is committed only if nothing
 * that could matter to its place in the order was recorded meanwhile (vt_touch_seen).
 *
 * Between the two the caller makes the call, with `cookie`. Where either returns false, the call is to
 * be made anew as if for the first time.
 */
struct vt_shim_look {
    struct vt_shim_slot *slot;
    uint64_t cookie;
    uint32_t changes;
};
bool vt_shim_begin(struct vt_shim_look *look);

/* `seen`: what the call found; NULL: nothing to be recorded. The kernel has read `name` already. */
bool vt_shim_end(struct vt_shim_look *look, uint8_t op, uint32_t aux, int dirfd, const char *name,
                 bool follow, const struct vt_look *seen);

/* The same for a listing of the directory that `fd` is open on. */
uint64_t vt_shim_record_listing(int fd);

/* Whether open with `flags` follows a final symlink. In shim-hooks.c. */
bool vt_shim_open_follows(int flags);

/* Many calls are about to come, so that mapping the trace pays at once. False: they are left to the
 * supervisor all the same. */
bool vt_shim_expect_calls(void);

/* Commits an open with `flags`. Returns the token for libc's own openat, or 0. In shim-hooks.c. */
uint64_t vt_shim_record_open(int dirfd, const char *name, int flags);

/* Calls `function`, of libc, with up to four arguments and with `token` in the register of a 6th,
 * which a system call made inside may still find there: C has no use for it in between unless it
 * needs the register. If it is gone the call is notified. The register is wiped afterwards. */
long vt_call_with_token(void *function, long a, long b, long c, long d, uint64_t token);

/* Whether `name` is the empty string: false too where it cannot be read. */
bool vt_shim_is_empty(const char *name);

/* False where the shim has nothing to do: no trace is named. */
bool vt_shim_is_active(void);

/* As libc's, quietly where that can be; statx and look as libc's syscall() returns them. In shim-looks.c. */
struct stat;
struct statx;
int vt_shim_stat(int dirfd, const char *name, struct stat *status, int flags);
long vt_shim_look(int dirfd, const char *name, struct stat *status, int flags); /* x86-64 */
int vt_shim_fstat(int fd, struct stat *status);
long vt_shim_statx(int dirfd, const char *name, int flags, unsigned mask, struct statx *status);
int vt_shim_access(const char *name, int mode);
ssize_t vt_shim_readlinkat(int dirfd, const char *name, char *text, size_t size);
ssize_t vt_shim_readlink(const char *name, char *text, size_t size);

/* Sets errno to -`result` and returns -1. */
long vt_shim_fail(long result);

/* The cookie for a call that needs no record; 0 as long as the trace is not mapped. */
uint64_t vt_shim_cookie(void);

#endif
