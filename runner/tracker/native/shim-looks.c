/*
 * Looking at files as libc does, one system call each, made quiet (quiet-call.h) where the shim has
 * recorded it. Here, and not in shim-hooks.c, since the names there are not declared as libc does.
 */
#define _GNU_SOURCE
#include "shim.h"

#include "quiet-call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

long vt_shim_fail(long result) {
    errno = (int)-result;
    return -1;
}

static long outcome(long result) { return result < 0 && result >= -4095 ? vt_shim_fail(result) : result; }

static long issue(uint64_t cookie, long number, long a, long b, long c, long d, long e) {
    return outcome(vt_quiet_call(cookie, number, a, b, c, d, e));
}

/* A look at a descriptor needs no record: it was recorded when it was opened. fstat is not even
 * notified. */
int vt_shim_fstat(int fd, struct stat *status) {
    return (int)issue(0, SYS_fstat, fd, (long)status, 0, 0, 0);
}

static bool is_absent(long result) { return result == -ENOENT || result == -ENOTDIR; }

/* Looks without following a final symlink, which answers for all that is no symlink. False: nothing
 * was done. */
static bool look_quietly(int dirfd, const char *name, struct stat *status, int flags, long *result) {
    struct vt_shim_look look;
    if (!vt_shim_begin(&look)) return false;
    bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
    *result = vt_quiet_call(look.cookie, SYS_newfstatat, dirfd, (long)name, (long)status,
                            flags | AT_SYMLINK_NOFOLLOW, 0);
    struct vt_look seen = {.kind = VT_KIND_ABSENT};
    if (*result == 0)
        seen = (struct vt_look){.kind = vt_kind_of_mode(status->st_mode), .device = status->st_dev, .inode = status->st_ino};
    bool certain = *result == 0 || is_absent(*result);
    if (!vt_shim_end(&look, VT_OP_STAT, 0, dirfd, name, follow, certain ? &seen : NULL)) return false;
    if (follow && seen.kind == VT_KIND_SYMLINK)
        *result = vt_quiet_call(look.cookie, SYS_newfstatat, dirfd, (long)name, (long)status, flags, 0);
    return true;
}

int vt_shim_stat(int dirfd, const char *name, struct stat *status, int flags) {
    uint64_t cookie = 0;
    long result;
    if ((flags & AT_EMPTY_PATH) != 0) {
        bool empty = vt_shim_is_empty(name);
        if (flags == AT_EMPTY_PATH && dirfd >= 0 && empty) return vt_shim_fstat(dirfd, status);
        /* For any other name the flag means nothing. To newer kernels NULL is an empty one. */
        if (!empty && name != NULL) flags &= ~AT_EMPTY_PATH;
    }
    if ((flags & AT_EMPTY_PATH) == 0) {
        if (look_quietly(dirfd, name, status, flags, &result)) return (int)outcome(result);
        cookie = vt_shim_record(VT_OP_STAT, 0, dirfd, name, (flags & AT_SYMLINK_NOFOLLOW) == 0);
    }
    return (int)issue(cookie, SYS_newfstatat, dirfd, (long)name, (long)status, flags, 0);
}

#ifdef __x86_64__
long vt_shim_look(int dirfd, const char *name, struct stat *status, int flags) {
    return vt_shim_stat(dirfd, name, status, flags);
}
#endif

/* As look_quietly. What the mask does not ask for may not be told. */
static bool look_extended_quietly(int dirfd, const char *name, int flags, unsigned mask, struct statx *status,
                                  long *result) {
    struct vt_shim_look look;
    const unsigned needed = STATX_TYPE | STATX_INO;
    if ((mask & needed) != needed || !vt_shim_begin(&look)) return false;
    bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
    *result = vt_quiet_call(look.cookie, SYS_statx, dirfd, (long)name, flags | AT_SYMLINK_NOFOLLOW, mask, (long)status);
    struct vt_look seen = {.kind = VT_KIND_ABSENT};
    bool certain = is_absent(*result);
    if (*result == 0 && (status->stx_mask & needed) == needed) {
        certain = true;
        seen = (struct vt_look){.kind = vt_kind_of_mode(status->stx_mode),
                                .device = makedev(status->stx_dev_major, status->stx_dev_minor),
                                .inode = status->stx_ino};
    }
    if (!vt_shim_end(&look, VT_OP_STAT, 0, dirfd, name, follow, certain ? &seen : NULL)) return false;
    if (follow && seen.kind == VT_KIND_SYMLINK)
        *result = vt_quiet_call(look.cookie, SYS_statx, dirfd, (long)name, flags, mask, (long)status);
    return true;
}

long vt_shim_statx(int dirfd, const char *name, int flags, unsigned mask, struct statx *status) {
    uint64_t cookie = 0;
    long result;
    if ((flags & AT_EMPTY_PATH) == 0) {
        if (look_extended_quietly(dirfd, name, flags, mask, status, &result)) return outcome(result);
        cookie = vt_shim_record(VT_OP_STAT, 0, dirfd, name, (flags & AT_SYMLINK_NOFOLLOW) == 0);
    } else if (dirfd >= 0 && vt_shim_is_empty(name)) {
        cookie = vt_shim_cookie();
    }
    return issue(cookie, SYS_statx, dirfd, (long)name, flags, mask, (long)status);
}

/* Makes a call that looks, whose result tells only whether something is there. False: not done.
 * The kernel must not find fault with `rest` before it has read the name. */
static bool peek(uint8_t op, uint32_t aux, bool follow, long number, int dirfd, const char *name, const long rest[3],
                 long *result) {
    struct vt_shim_look look;
    if (!vt_shim_begin(&look)) return false;
#ifdef SYS_readlink
    if (number == SYS_readlink) *result = vt_quiet_call(look.cookie, number, (long)name, rest[0], rest[1], 0, 0);
    else
#endif
        *result = vt_quiet_call(look.cookie, number, dirfd, (long)name, rest[0], rest[1], rest[2]);
    struct vt_look seen = {.kind = VT_KIND_UNKNOWN};
    bool is_link = op == VT_OP_READLINK;
    bool certain = *result >= 0 || is_absent(*result) || (is_link && *result == -EINVAL);
    return vt_shim_end(&look, op, aux, dirfd, name, follow, certain ? &seen : NULL);
}

int vt_shim_access(const char *name, int mode) {
    long result;
    uint32_t aux = (mode & X_OK) == 0 ? VT_STAT_EXISTENCE : 0;
    if (peek(VT_OP_STAT, aux, true, SYS_faccessat, AT_FDCWD, name, (long[]){mode, 0, 0}, &result))
        return (int)outcome(result);
    uint64_t cookie = vt_shim_record(VT_OP_STAT, aux, AT_FDCWD, name, true);
    return (int)issue(cookie, SYS_faccessat, AT_FDCWD, (long)name, mode, 0, 0);
}

ssize_t vt_shim_readlinkat(int dirfd, const char *name, char *text, size_t size) {
    long result;
    const long rest[3] = {(long)text, (long)size, 0};
    if ((int)size > 0 && peek(VT_OP_READLINK, 0, false, SYS_readlinkat, dirfd, name, rest, &result))
        return (ssize_t)outcome(result);
    uint64_t cookie = vt_shim_record(VT_OP_READLINK, 0, dirfd, name, false);
    return (ssize_t)issue(cookie, SYS_readlinkat, dirfd, (long)name, (long)text, (long)size, 0);
}

ssize_t vt_shim_readlink(const char *name, char *text, size_t size) {
#ifdef SYS_readlink
    /* Not readlinkat, which takes an empty name for the directory itself. */
    long result;
    const long rest[3] = {(long)text, (long)size, 0};
    if ((int)size > 0 && peek(VT_OP_READLINK, 0, false, SYS_readlink, AT_FDCWD, name, rest, &result))
        return (ssize_t)outcome(result);
    uint64_t cookie = vt_shim_record(VT_OP_READLINK, 0, AT_FDCWD, name, false);
    return (ssize_t)issue(cookie, SYS_readlink, (long)name, (long)text, (long)size, 0, 0);
#else
    return vt_shim_readlinkat(AT_FDCWD, name, text, size);
#endif
}
